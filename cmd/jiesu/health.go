package main

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func newMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// healthRoutes: /healthz says that the process answers, /readyz that it can take in complaints, which needs the database.
func (a *app) healthRoutes(r gin.IRouter) {
	r.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok", "version": version}) })
	r.GET("/readyz", func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
		defer cancel()
		if err := a.db.store.Ping(ctx); err != nil {
			a.log.Warn("not ready", "error", err)
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "database unavailable"})
			return
		}
		ready := gin.H{"status": "ready"}
		if years := a.plan.Timetable.Calendar().Missing(a.now()); len(years) > 0 {
			ready["calendar_missing"] = years // no reason to turn complaints away, but one to look
		}
		c.JSON(http.StatusOK, ready)
	})
	r.GET("/metrics", gin.WrapH(promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{})))
}

// bodyLimit is how long a body may take to arrive. The platform's callback has its own deadline, which no slow sender may use up.
const (
	bodyLimit     = 30 * time.Second
	callbackLimit = 4 * time.Second
)

// hurry ends a connection whose body doesn't arrive: each one held open costs a goroutine, and all of them a clean stop.
func hurry(c *gin.Context) {
	if c.Request.ContentLength != 0 {
		limit := bodyLimit
		if c.Request.URL.Path == "/wechat/callback" {
			limit = callbackLimit
		}
		// Where the connection has no deadlines (a test's recorder) there is nobody to wait for.
		_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(limit))
	}
	c.Next()
}

// recovered turns a panic of a handler into a plain 500 and one line in the log with where it happened, never with what was sent.
func (a *app) recovered(c *gin.Context) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			panic(p) // an answer that broke off must not look whole
		} else if p != nil {
			a.log.Error("panic while answering", "route", c.FullPath(), "panic", p, "stack", string(debug.Stack()))
			c.AbortWithStatus(http.StatusInternalServerError)
		}
	}()
	c.Next()
}
