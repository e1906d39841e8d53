package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// taskLimit is how many open tasks the page shows; the oldest come first, so the rest follows as they are done.
const taskLimit = 100

// tasksView is the list of what operators have to do.
type tasksView struct {
	Incidents []incidentView
	Tasks     []taskView
	Problem   *problemView // why the last answer or look was not possible
	Keep      bool         // a contact was just revealed: no live update may take it away
}

// incidentView is a mass incident with the first of its cases.
type incidentView struct {
	routing.Incident
	First  []routing.Case
	Finish bool // the actor may say that it is seen to
}

// More is how many cases of the incident aren't shown.
func (v incidentView) More() int { return len(v.Cases) - len(v.First) }

// taskView is a task with whom and what it is about.
type taskView struct {
	routing.Task
	Case     *routing.Case   // as the actor may see it; nil for a task without one
	Cases    []routing.Case  // of the person, newest first, when the task itself has none
	Contact  routing.Contact // masked, unless Revealed
	Revealed bool
	Chat     *chatView // how to answer, for those who asked for a person
	Voice    *voiceView
	Call     *callView // what to ask on the telephone, for a call about an answer that isn't rated
}

// chatView is whether and how long the platform lets us write to somebody.
type chatView struct {
	routing.Chat
	Fan    bool
	Quotas []routing.Quota // what is left, what ends first first
	Since  time.Time       // the complainant has been waiting since then; zero: they aren't
}

// voiceView is a voice message to write down.
type voiceView struct {
	File *evidence // nil while it isn't there yet, or can't be had
	Lost bool
	Text string // typed into a form that failed
}

func (s *Console) tasks(c *gin.Context, actor routing.Actor) error {
	v, err := s.loadTasks(c.Request.Context(), actor)
	if err != nil {
		return err
	}
	s.renderTasks(c, http.StatusOK, actor, v)
	return nil
}

func (s *Console) renderTasks(c *gin.Context, status int, actor routing.Actor, v tasksView) {
	s.render(c, status, "tasks", page{Title: "console.tasks.title", Actor: actor, Section: "tasks", Data: v})
}

// backToTasks answers the address of a step when it is opened instead of posted.
func (s *Console) backToTasks(c *gin.Context, _ routing.Actor) error {
	c.Redirect(http.StatusSeeOther, "/console/tasks")
	return nil
}

func (s *Console) loadTasks(ctx context.Context, actor routing.Actor) (tasksView, error) {
	open, err := s.Store.OpenTasks(ctx, taskLimit)
	if err != nil {
		return tasksView{}, fmt.Errorf("list tasks: %w", err)
	}
	v := tasksView{Tasks: make([]taskView, len(open))}
	if v.Incidents, err = s.loadIncidents(ctx, actor); err != nil {
		return tasksView{}, err
	}
	chats, err := s.Desk.Chats(ctx, actor)
	if err != nil {
		return tasksView{}, err
	}
	for i, t := range open {
		var chat *routing.Chat
		if c, ok := chats[t.ID]; ok {
			chat = &c
		}
		if v.Tasks[i], err = s.taskOf(ctx, actor, t, chat); err != nil {
			return tasksView{}, fmt.Errorf("load task %s: %w", t.ID, err)
		}
	}
	return v, nil
}

// incidentCases is how many cases of a mass incident the page shows.
const incidentCases = 20

func (s *Console) loadIncidents(ctx context.Context, actor routing.Actor) ([]incidentView, error) {
	open, err := s.Desk.Incidents(ctx, actor)
	if err != nil {
		return nil, err
	}
	list := make([]incidentView, len(open))
	for i, incident := range open {
		v := incidentView{Incident: incident, Finish: actor.May(routing.DeedOversee)}
		for _, number := range incident.Cases[:min(incidentCases, len(incident.Cases))] {
			c, err := s.Desk.Case(ctx, actor, number)
			if err != nil {
				return nil, fmt.Errorf("load case of incident %s: %w", incident.ID, err)
			}
			v.First = append(v.First, c)
		}
		list[i] = v
	}
	return list, nil
}

// find is the task with the id, nil when it isn't in the list.
func (v tasksView) find(id string) *taskView {
	for i := range v.Tasks {
		if v.Tasks[i].ID == id {
			return &v.Tasks[i]
		}
	}
	return nil
}

// taskOf gathers what an operator needs to know: the case or the person's cases, the contact given for it, or else that of the person.
func (s *Console) taskOf(ctx context.Context, actor routing.Actor, t routing.Task, chat *routing.Chat) (taskView, error) {
	v := taskView{Task: t}
	who, err := s.Store.Complainant(ctx, t.ComplainantID)
	if err != nil && !errors.Is(err, routing.ErrNotFound) {
		return v, err
	}
	v.Contact = routing.Contact{Enterprise: who.Enterprise, Name: routing.MaskName(who.Name), Phone: routing.MaskPhone(who.Phone)}
	if t.CaseNumber != "" {
		if err := s.aboutCase(ctx, actor, &v); err != nil {
			return v, err
		}
	} else if who.ID != "" {
		if v.Cases, _, err = s.Desk.Cases(ctx, actor, routing.Query{ComplainantID: who.ID, Limit: knownCases}); err != nil {
			return v, err
		}
	}
	v.Call = callOf(v)
	if t.Kind == routing.TaskVoice && t.AttachmentID != "" { // tasks from before messages were named have none
		if v.Voice, err = s.voiceOf(ctx, t); err != nil {
			return v, err
		}
	}
	if chat != nil {
		v.Chat, err = s.chatWith(ctx, who, *chat)
	}
	return v, err
}

// voiceOf is the message that the task is about.
func (s *Console) voiceOf(ctx context.Context, t routing.Task) (*voiceView, error) {
	a, err := s.Store.Attachment(ctx, t.AttachmentID)
	if err != nil {
		return nil, fmt.Errorf("load voice message: %w", err)
	}
	v := &voiceView{Lost: a.State == routing.AttachmentRejected}
	if a.State == routing.AttachmentStored {
		v.File = &evidence{Attachment: a, Address: "/console/voices/" + t.ID, Player: shown[a.ContentType]}
	}
	return v, nil
}

func (s *Console) chatWith(ctx context.Context, who routing.Complainant, chat routing.Chat) (*chatView, error) {
	v := &chatView{Chat: chat, Fan: who.OpenID != "" && who.Following}
	if since, waits := chat.Waits(); waits {
		v.Since = since
	}
	if !v.Fan {
		return v, nil
	}
	var err error
	v.Quotas, err = s.Store.Quotas(ctx, who.ID, s.Now())
	return v, err
}

func (s *Console) aboutCase(ctx context.Context, actor routing.Actor, v *taskView) error {
	found, err := s.Desk.Case(ctx, actor, v.CaseNumber)
	if errors.Is(err, routing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	own, given := v.Contact, found.Contact
	v.Case, v.Contact = &found, routing.Contact{Enterprise: cmp.Or(given.Enterprise, own.Enterprise), Name: cmp.Or(given.Name, own.Name), Phone: cmp.Or(given.Phone, own.Phone)}
	return nil
}

// CanReveal reports whether there is a number to look at.
func (v taskView) CanReveal() bool { return v.Contact.Phone != "" && !v.Revealed }

// Closed reports whether somebody waits for an answer that the platform doesn't let us write.
func (v taskView) Closed() bool { return v.Chat != nil && !v.Chat.Open() }

// Open reports whether words can be sent now.
func (v chatView) Open() bool { return v.Fan && len(v.Quotas) > 0 }

func (s *Console) finishTask(c *gin.Context, actor routing.Actor) error {
	err := s.Desk.FinishTask(c.Request.Context(), actor, c.Param("id"))
	if err != nil && !errors.Is(err, routing.ErrConflict) { // a colleague was faster: it is done all the same
		return err
	}
	s.Logger.Info("task done", "task_id", c.Param("id"), "actor_id", actor.ID)
	c.Redirect(http.StatusSeeOther, "/console/tasks")
	return nil
}

// revealTask shows the contact on the page that answers the post, so that going back or reloading asks for the reason again.
func (s *Console) revealTask(c *gin.Context, actor routing.Actor) error {
	if err := readForm(c); err != nil {
		return err
	}
	ctx, id := c.Request.Context(), c.Param("id")
	contact, err := s.Desk.RevealTask(ctx, actor, id, c.PostForm("note"))
	if err != nil {
		return s.taskFailed(c, actor, err)
	}
	s.Logger.Info("contact of a task revealed", "task_id", id, "actor_id", actor.ID)
	v, err := s.loadTasks(ctx, actor)
	if err != nil {
		return err
	}
	if t := v.find(id); t != nil {
		t.Contact, t.Revealed, v.Keep = contact, true, true
	}
	s.renderTasks(c, http.StatusOK, actor, v)
	return nil
}

// taskFailed shows the list as it now is, with what was typed.
func (s *Console) taskFailed(c *gin.Context, actor routing.Actor, cause error) error {
	status, key, text := s.explain(cause)
	if status != http.StatusConflict && status != http.StatusUnprocessableEntity {
		return cause
	}
	if errors.Is(cause, routing.ErrConflict) {
		key, text = "task_done", s.Wording.Text("console.problem.task_done.text")
	}
	v, err := s.loadTasks(c.Request.Context(), actor)
	if err != nil {
		return err
	}
	v.Problem = &problemView{Key: key, Text: text}
	if t := v.find(c.Param("id")); t != nil && t.Voice != nil {
		t.Voice.Text = c.PostForm("text")
	} else if t != nil && t.Call != nil && c.Request.PostForm.Has("heard") {
		t.Call.Values, t.Call.Open = c.Request.PostForm, true
	} else {
		v.Problem.Typed = typed(c)
	}
	s.renderTasks(c, status, actor, v)
	return nil
}
