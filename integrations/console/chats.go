package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// talkView is a conversation that a person has taken over, or may.
type talkView struct {
	Task    taskView
	Chat    routing.Chat
	Lines   []lineView
	Mine    bool
	Over    bool
	Problem *problemView
	Text    string // typed into a form that failed
}

// lineView is one message of a conversation.
type lineView struct {
	routing.ChatLine
	File *evidence
}

func chatPath(taskID string) string { return "/console/chats/" + url.PathEscape(taskID) }

func (s *Console) chat(c *gin.Context, actor routing.Actor) error {
	v, err := s.loadChat(c, actor)
	if err != nil {
		return err
	}
	s.renderChat(c, http.StatusOK, actor, v)
	return nil
}

func (s *Console) renderChat(c *gin.Context, status int, actor routing.Actor, v talkView) {
	s.render(c, status, "chat", page{Title: "console.chat.title", Actor: actor, Section: "tasks", Chat: v.Chat.TaskID, Data: v})
}

func (s *Console) loadChat(c *gin.Context, actor routing.Actor) (v talkView, err error) {
	ctx := c.Request.Context()
	var lines []routing.ChatLine
	if v.Chat, lines, err = s.Desk.ChatOf(ctx, actor, c.Param("id")); err != nil {
		return v, err
	}
	v.Mine, v.Over = v.Chat.OperatorID == actor.ID, !v.Chat.EndedAt.IsZero()
	for _, l := range lines {
		line := lineView{ChatLine: l}
		if l.AttachmentID != "" {
			a, err := s.Store.Attachment(ctx, l.AttachmentID)
			if err != nil {
				return v, fmt.Errorf("load attachment of conversation: %w", err)
			}
			line.File = &evidence{Attachment: a, Address: chatPath(v.Chat.TaskID) + "/attachments/" + a.ID, Player: shown[a.ContentType]}
		}
		v.Lines = append(v.Lines, line)
	}
	task := routing.Task{ID: v.Chat.TaskID, Kind: routing.TaskChat, ComplainantID: v.Chat.ComplainantID, CreatedAt: v.Chat.QueuedAt}
	switch open, err := s.Store.Task(ctx, task.ID); {
	case err == nil && open.DoneAt.IsZero():
		task = open
	case err != nil && !errors.Is(err, routing.ErrNotFound):
		return v, err
	}
	v.Task, err = s.taskOf(ctx, actor, task, &v.Chat)
	return v, err
}

// chatStep does a step to the conversation and shows it as it then is.
func (s *Console) chatStep(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	ctx, id, step := c.Request.Context(), c.Param("id"), c.Param("action")
	var err error
	switch step {
	case "take":
		err = s.Desk.TakeChat(ctx, actor, id, s.text("chat.taken"))
	case "write":
		err = s.Desk.WriteChat(ctx, actor, id, strings.ReplaceAll(c.PostForm("text"), "\r\n", "\n")) // as forms send it; the limit counts what was typed
	case "release":
		err = s.Desk.ReleaseChat(ctx, actor, id)
	case "back":
		err = s.Desk.HandBack(ctx, actor, id, s.text("chat.back"))
	default:
		return routing.ErrNotFound
	}
	if err != nil {
		return s.chatFailed(c, actor, err)
	}
	s.Logger.Info("conversation", "step", step, "task_id", id, "actor_id", actor.ID)
	if step == "release" || step == "back" {
		c.Redirect(http.StatusSeeOther, "/console/tasks")
		return nil
	}
	c.Redirect(http.StatusSeeOther, chatPath(id))
	return nil
}

// chatFailed shows the conversation as it now is, with what was typed.
func (s *Console) chatFailed(c *gin.Context, actor routing.Actor, cause error) error {
	status, key, text := s.explain(cause)
	if status != http.StatusConflict && status != http.StatusUnprocessableEntity {
		return cause
	}
	v, err := s.loadChat(c, actor)
	if err != nil {
		return err
	}
	v.Problem = &problemView{Key: key, Text: text}
	if v.Mine && !v.Over {
		v.Text = c.PostForm("text")
	} else {
		v.Problem.Typed = typed(c)
	}
	s.renderChat(c, status, actor, v)
	return nil
}

// backToChat answers the address of a step when it is opened instead of posted.
func (s *Console) backToChat(c *gin.Context, _ routing.Actor) error {
	c.Redirect(http.StatusSeeOther, chatPath(c.Param("id")))
	return nil
}

// chatAttachment sends what was sent in the conversation, and nothing else.
func (s *Console) chatAttachment(c *gin.Context, actor routing.Actor) error {
	_, lines, err := s.Desk.ChatOf(c.Request.Context(), actor, c.Param("id"))
	if err != nil {
		return err
	}
	file := c.Param("file")
	if !slices.ContainsFunc(lines, func(l routing.ChatLine) bool { return l.AttachmentID == file && file != "" }) {
		return routing.ErrNotFound
	}
	return s.sendAttachment(c, file)
}

// voice sends the voice message of an open task to write it down.
func (s *Console) voice(c *gin.Context, _ routing.Actor) error {
	t, err := s.Store.Task(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	if t.AttachmentID == "" || !t.DoneAt.IsZero() {
		return routing.ErrNotFound
	}
	return s.sendAttachment(c, t.AttachmentID)
}

// writeDown takes what an operator heard.
func (s *Console) writeDown(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	id := c.Param("id")
	if err := s.Voices.WriteDown(c.Request.Context(), actor, id, strings.ReplaceAll(c.PostForm("text"), "\r\n", "\n")); err != nil {
		return s.taskFailed(c, actor, err)
	}
	s.Logger.Info("voice message written down", "task_id", id, "actor_id", actor.ID)
	c.Redirect(http.StatusSeeOther, "/console/tasks")
	return nil
}

// fromChat fills the filing form with what was said in a conversation. The case will be the complainant's own.
func (s *Console) fromChat(c *gin.Context, actor routing.Actor, v *fileView) error {
	ctx := c.Request.Context()
	chat, lines, err := s.Desk.ChatOf(ctx, actor, c.Query("chat"))
	if errors.Is(err, routing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	parts := []string{chat.Summary}
	for _, l := range lines {
		if l.Side == routing.SideComplainant {
			parts = append(parts, l.Text)
		}
	}
	who, err := s.Store.Complainant(ctx, chat.ComplainantID)
	if err != nil {
		return fmt.Errorf("load complainant: %w", err)
	}
	text := strings.TrimSpace(strings.Join(slices.DeleteFunc(parts, func(p string) bool { return strings.TrimSpace(p) == "" }), "\n"))
	v.Values = url.Values{"chat": {chat.TaskID}, "text": {text}, "enterprise": {who.Enterprise}}
	v.Suggest, err = s.suggestion(ctx, actor, text, "", "", "")
	return err
}

// byChat makes a complaint that of whom the conversation is with, with the evidence sent in it.
func (s *Console) byChat(c *gin.Context, actor routing.Actor, complaint *routing.Complaint) error {
	id := c.PostForm("chat")
	if id == "" {
		return nil
	}
	chat, lines, err := s.Desk.ChatOf(c.Request.Context(), actor, id)
	if errors.Is(err, routing.ErrNotFound) {
		return &routing.InvalidError{Field: "chat", Key: "error.chat_gone"}
	}
	if err != nil {
		return err
	}
	complaint.ComplainantID, complaint.Channel = chat.ComplainantID, routing.ChannelWeChat
	for _, l := range lines {
		if l.AttachmentID == "" {
			continue
		}
		a, err := s.Store.Attachment(c.Request.Context(), l.AttachmentID)
		if err != nil {
			return fmt.Errorf("load attachment of conversation: %w", err)
		}
		if a.CaseNumber == "" { // others belong to a case that the bot has filed
			complaint.Attachments = append(complaint.Attachments, a.ID)
		}
	}
	return nil
}
