package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"jiesu/routing"
)

// MediaFetcher downloads what a complainant sent to the platform. Kind is image, voice or video. routing.ErrNotFound says that it is
// gone there, *routing.InvalidError that it is too large or of the wrong type; any other error is passing.
type MediaFetcher interface {
	Fetch(ctx context.Context, mediaID, kind string) (content []byte, contentType string, err error)
}

// collector fetches the content of attachments into the store.
type collector struct {
	store routing.Store
	media MediaFetcher
}

// collect fetches one attachment. It is done when the content is stored or can never be had.
func (c collector) collect(ctx context.Context, id string) error {
	a, err := c.store.Attachment(ctx, id)
	if err != nil {
		return fmt.Errorf("load attachment %s: %w", id, err)
	}
	if a.State != routing.AttachmentPending {
		return nil
	}
	content, contentType, err := c.media.Fetch(ctx, a.MediaID, a.Kind)
	if err == nil {
		content, err = routing.CleanPicture(content, contentType)
	}
	var unfit *routing.InvalidError
	switch {
	case errors.Is(err, routing.ErrNotFound) || errors.As(err, &unfit):
		return c.settle(ctx, id, func(_ routing.Tx, a *routing.Attachment) error {
			a.State = routing.AttachmentRejected
			return nil
		})
	case err != nil:
		return fmt.Errorf("fetch attachment %s: %w", id, err)
	}
	sum := sha256.Sum256(content)
	return c.settle(ctx, id, func(tx routing.Tx, a *routing.Attachment) error {
		a.State, a.ContentType, a.Size, a.SHA256 = routing.AttachmentStored, contentType, int64(len(content)), hex.EncodeToString(sum[:])
		return tx.PutAttachmentContent(ctx, id, content)
	})
}

// settle changes the attachment as it is now, since it may have been joined to a case while it was fetched.
func (c collector) settle(ctx context.Context, id string, change func(routing.Tx, *routing.Attachment) error) error {
	err := c.store.Update(ctx, func(tx routing.Tx) error {
		a, err := tx.Attachment(ctx, id)
		if err != nil || a.State != routing.AttachmentPending {
			return err
		}
		if err := change(tx, &a); err != nil {
			return err
		}
		return tx.UpdateAttachment(ctx, a)
	})
	if err != nil {
		return fmt.Errorf("settle attachment %s: %w", id, err)
	}
	return nil
}
