package bot

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"jiesu/routing"
)

// WriteDown takes what an operator heard in a voice message through the conversation as if the complainant had typed it, sends them the answer and finishes
// the task. Errors: routing.ErrForbidden; routing.ErrConflict: somebody has written it down; *routing.InvalidError for the text.
func (in *Intake) WriteDown(ctx context.Context, actor routing.Actor, taskID, text string) error {
	text = strings.TrimSpace(clean(text))
	switch {
	case actor.Role != routing.RoleOperator && actor.Role != routing.RoleOffice && actor.Role != routing.RoleAdmin:
		return routing.ErrForbidden
	case text == "":
		return &routing.InvalidError{Field: "text", Key: "error.voice_empty"}
	case utf8.RuneCountInString(text) > routing.MaxText:
		return &routing.InvalidError{Field: "text", Key: "error.text_too_long"}
	}
	err := in.update(ctx, func(tx routing.Tx) error { return in.writeDown(ctx, tx, actor, taskID, text) })
	if err != nil {
		return fmt.Errorf("write down voice message of task %s: %w", taskID, err)
	}
	return nil
}

func (in *Intake) writeDown(ctx context.Context, tx routing.Tx, actor routing.Actor, taskID, text string) error {
	task, err := in.Desk.TakeVoiceIn(ctx, tx, actor, taskID)
	if err != nil {
		return err
	}
	who, err := tx.Complainant(ctx, task.ComplainantID)
	if err != nil {
		return fmt.Errorf("load complainant: %w", err)
	}
	m := Message{Kind: KindText, Text: text, Voice: true, About: task.CaseNumber, At: in.Now()}
	reply, err := in.talk(ctx, tx, who, m, nil)
	if err != nil || reply == "" {
		return err
	}
	return in.Desk.ChatIn(ctx, tx, who.ID, reply)
}
