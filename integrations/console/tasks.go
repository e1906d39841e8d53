package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// taskLimit is how many open tasks the page shows; the oldest come first, so the rest follows as they are done.
const taskLimit = 100

// taskView is a task with whom it is about, masked.
type taskView struct {
	routing.Task
	Enterprise, Name, Phone string
}

func (s *Console) tasks(c *gin.Context, actor routing.Actor) error {
	ctx := c.Request.Context()
	open, err := s.Store.OpenTasks(ctx, taskLimit)
	if err != nil {
		return fmt.Errorf("list tasks: %w", err)
	}
	list := make([]taskView, len(open))
	for i, t := range open {
		if list[i], err = s.taskOf(ctx, t); err != nil {
			return err
		}
	}
	s.render(c, http.StatusOK, "tasks", page{Title: "console.tasks.title", Actor: actor, Section: "tasks", Data: list})
	return nil
}

func (s *Console) taskOf(ctx context.Context, t routing.Task) (taskView, error) {
	v := taskView{Task: t}
	who, err := s.Store.Complainant(ctx, t.ComplainantID)
	if errors.Is(err, routing.ErrNotFound) {
		return v, nil
	}
	if err != nil {
		return v, fmt.Errorf("load complainant of task %s: %w", t.ID, err)
	}
	v.Enterprise, v.Name, v.Phone = who.Enterprise, routing.MaskName(who.Name), routing.MaskPhone(who.Phone)
	return v, nil
}

func (s *Console) finishTask(c *gin.Context, actor routing.Actor) error {
	err := s.Desk.FinishTask(c.Request.Context(), actor, c.Param("id"))
	if err != nil && !errors.Is(err, routing.ErrConflict) { // a colleague was faster: it is done all the same
		return err
	}
	s.Logger.Info("task done", "task_id", c.Param("id"), "actor_id", actor.ID)
	c.Redirect(http.StatusSeeOther, "/console/tasks")
	return nil
}
