package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// ErrNotFollowing: who doesn't follow the account can't write to it.
var ErrNotFollowing = errors.New("sandbox: the fan does not follow the account")

// maxTranscript entries are kept of each chat.
const maxTranscript = 500

// Fan is one WeChat user. Its methods act as the user would and return the account's passive reply, "" for none. An error means that the
// account's server failed all four deliveries, or that ctx ended.
type Fan struct {
	box     *Sandbox
	name    string
	openID  string
	follows bool
	blocks  bool
	waiting int // deliveries that the account's server hasn't answered
	chat    []Entry
	windows map[trigger]allowance
}

// trigger is what a fan did that lets the account write to them by customer message.
type trigger string

// allowance is how many customer messages are left until when.
type allowance struct {
	left  int
	until time.Time
}

// The triggers (api/customer/message/api_sendcustommessage).
const (
	byMessage trigger = "message"
	byClick   trigger = "click"
	byFollow  trigger = "follow"
	byScan    trigger = "scan"
)

// Fan returns the fan of this name. A new one follows the account since before the sandbox began: no event is sent.
func (s *Sandbox) Fan(name string) *Fan { return s.fan(name, true) }

func (s *Sandbox) fan(name string, follows bool) *Fan {
	sum := sha256.Sum256([]byte(s.cfg.AppID + "\x00" + name))
	openID := "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27] // 28 characters, as the platform's
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.fans[openID]; ok {
		return f
	}
	f := &Fan{box: s, name: name, openID: openID, follows: follows, windows: map[trigger]allowance{}}
	s.fans[openID] = f
	s.order = append(s.order, f)
	s.announce()
	return f
}

// Name is what the fan is called in the sandbox; the account never learns it.
func (f *Fan) Name() string { return f.name }

// OpenID is the fan's id towards the account.
func (f *Fan) OpenID() string { return f.openID }

// Say sends a text.
func (f *Fan) Say(ctx context.Context, text string) (reply string, err error) {
	return f.message(ctx, Entry{Kind: KindText, Text: text}, push{MsgType: wrap("text"), Content: some(text)})
}

// SendImage sends a picture.
func (f *Fan) SendImage(ctx context.Context, content []byte) (reply string, err error) {
	id := f.box.keep(content)
	return f.message(ctx, Entry{Kind: KindImage, MediaID: id},
		push{MsgType: wrap("image"), MediaID: some(id), PicURL: some(f.box.cfg.BaseURL + "/sandbox/media/" + id)})
}

// SendVoice sends a voice message in AMR.
func (f *Fan) SendVoice(ctx context.Context, content []byte) (reply string, err error) {
	id := f.box.keep(content)
	return f.message(ctx, Entry{Kind: KindVoice, MediaID: id, Seconds: voiceSeconds(content)},
		push{MsgType: wrap("voice"), MediaID: some(id), MediaID16K: some(id), Format: some("amr")})
}

// SendVideo sends a video in MP4.
func (f *Fan) SendVideo(ctx context.Context, content []byte) (reply string, err error) {
	id := f.box.keep(content)
	return f.message(ctx, Entry{Kind: KindVideo, MediaID: id}, push{MsgType: wrap("video"), MediaID: some(id), ThumbMediaID: some(id)})
}

// SendLocation sends a place on the map.
func (f *Fan) SendLocation(ctx context.Context, label string, latitude, longitude float64) (reply string, err error) {
	return f.message(ctx, Entry{Kind: KindText, Text: label},
		push{MsgType: wrap("location"), LocationX: latitude, LocationY: longitude, Scale: 16, Label: some(label)})
}

// SendLink forwards an article.
func (f *Fan) SendLink(ctx context.Context, title, description, address string) (reply string, err error) {
	return f.message(ctx, Entry{Kind: KindText, Text: title + "\n" + address},
		push{MsgType: wrap("link"), Title: some(title), Description: some(description), URL: some(address)})
}

// Click taps the menu button with this key.
func (f *Fan) Click(ctx context.Context, key string) (reply string, err error) {
	label := f.box.buttonName(key)
	return f.event(ctx, byClick, label, push{Event: some("CLICK"), EventKey: some(key)})
}

// Tap taps an answer under a message of the account: it is said, and counts as a click of the menu.
func (f *Fan) Tap(ctx context.Context, id, text string) (reply string, err error) {
	if !f.following() {
		return "", ErrNotFollowing
	}
	p := push{MsgType: wrap("text"), Content: some(text), MenuID: some(id)}
	f.set(func() {
		f.add(Entry{Side: SideFan, Kind: KindText, Text: text})
		f.grant(byClick, 3, time.Minute)
		p.MsgID = f.box.nextID()
	})
	return f.deliver(ctx, p)
}

// View taps the menu button that opens this address. It gives the account no customer messages.
func (f *Fan) View(ctx context.Context, address string) (reply string, err error) {
	return f.event(ctx, "", f.box.buttonName(address), push{Event: some("VIEW"), EventKey: some(address)})
}

// Follow follows the account.
func (f *Fan) Follow(ctx context.Context) (reply string, err error) { return f.follow("", "")(ctx) }

// Scan scans a QR code that carries scene. Somebody new follows by that.
func (f *Fan) Scan(ctx context.Context, scene string) (reply string, err error) {
	return f.scan(scene)(ctx)
}

func (f *Fan) scan(scene string) (tell func(context.Context) (reply string, err error)) {
	ticket := f.box.ticketOf(scene)
	if !f.following() {
		return f.follow("qrscene_"+scene, ticket)
	}
	return func(ctx context.Context) (string, error) {
		return f.event(ctx, byScan, f.box.cfg.Wording.Text("sandbox.scanned"), push{Event: some("SCAN"), EventKey: some(scene), Ticket: some(ticket)})
	}
}

// follow makes the fan a follower at once, who can write from now on; tell is the event that the account gets.
func (f *Fan) follow(key, ticket string) (tell func(context.Context) (reply string, err error)) {
	f.set(func() { f.follows, f.blocks = true, false })
	return func(ctx context.Context) (string, error) {
		return f.event(ctx, byFollow, f.box.cfg.Wording.Text("sandbox.followed"),
			push{Event: some("subscribe"), EventKey: some(key), Ticket: some(ticket)})
	}
}

// Unfollow leaves the account, which can't write to the fan any more.
func (f *Fan) Unfollow(ctx context.Context) error {
	if !f.following() {
		return ErrNotFollowing
	}
	f.set(func() {
		f.follows = false
		clear(f.windows)
		f.add(Entry{Side: SidePlatform, Kind: KindEvent, Text: f.box.cfg.Wording.Text("sandbox.unfollowed")})
	})
	_, err := f.deliver(ctx, push{MsgType: wrap("event"), Event: some("unsubscribe"), EventKey: some("")})
	return err
}

// Block refuses or takes template messages again, without leaving the account.
func (f *Fan) Block(blocks bool) { f.set(func() { f.blocks = blocks }) }

// Transcript returns the chat so far, oldest first.
func (f *Fan) Transcript() []Entry {
	f.box.mu.Lock()
	defer f.box.mu.Unlock()
	return append([]Entry(nil), f.chat...)
}

// Await returns the first entry of the chat, past or to come, that match accepts.
func (f *Fan) Await(ctx context.Context, match func(Entry) bool) (Entry, error) {
	for {
		f.box.mu.Lock()
		chat, changed := append([]Entry(nil), f.chat...), f.box.changed
		f.box.mu.Unlock()
		for _, e := range chat {
			if match(e) {
				return e, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Entry{}, fmt.Errorf("sandbox: await an entry of %s's chat: %w", f.name, ctx.Err())
		}
	}
}

// message sends what the user wrote, which opens the 48 hours.
func (f *Fan) message(ctx context.Context, shown Entry, p push) (string, error) {
	if !f.following() {
		return "", ErrNotFollowing
	}
	shown.Side = SideFan
	f.set(func() {
		f.add(shown)
		f.grant(byMessage, 5, 48*time.Hour)
		p.MsgID = f.box.nextID()
	})
	return f.deliver(ctx, p)
}

// event sends what the user did, which opens a minute, unless by is "".
func (f *Fan) event(ctx context.Context, by trigger, shown string, p push) (string, error) {
	if !f.following() {
		return "", ErrNotFollowing
	}
	p.MsgType = wrap("event")
	f.set(func() {
		f.add(Entry{Side: SidePlatform, Kind: KindEvent, Text: shown})
		if by != "" {
			f.grant(by, 3, time.Minute)
		}
	})
	return f.deliver(ctx, p)
}

func (f *Fan) following() bool {
	f.box.mu.Lock()
	defer f.box.mu.Unlock()
	return f.follows
}

// set changes the fan under the lock and tells those who wait.
func (f *Fan) set(change func()) {
	f.box.mu.Lock()
	defer f.box.mu.Unlock()
	change()
	f.box.announce()
}

// add appends to the chat. Called with the lock held.
func (f *Fan) add(e Entry) {
	e.ID, e.At = f.box.nextID(), f.box.cfg.Now()
	f.chat = append(f.chat, e)
	if len(f.chat) > maxTranscript {
		f.chat = append([]Entry(nil), f.chat[len(f.chat)-maxTranscript:]...)
	}
	f.box.announce()
}

// grant renews an allowance. Called with the lock held.
func (f *Fan) grant(by trigger, n int, life time.Duration) {
	f.windows[by] = allowance{n, f.box.cfg.Now().Add(life)}
}

// spend takes one customer message, from the allowance that ends first. Errcodes: 45015 outside every window, 45047 all used up.
// Called with the lock held.
func (f *Fan) spend() int {
	now, code := f.box.cfg.Now(), 45015
	var best trigger
	for by, a := range f.windows {
		if !now.Before(a.until) {
			continue
		}
		if a.left == 0 {
			code = max(code, 45047)
			continue
		}
		if best == "" || a.until.Before(f.windows[best].until) {
			best = by
		}
	}
	if best == "" {
		return code
	}
	a := f.windows[best]
	a.left--
	f.windows[best] = a
	return 0
}
