package main

import (
	"context"
	"net/http"

	"jiesu/integrations/hotline/sms"
	"jiesu/routing"
)

// buildSMS makes the carrier, if one is configured.
func (a *app) buildSMS(context.Context) error {
	c := a.cfg.SMS
	if !c.Configured() {
		return nil
	}
	account := sms.Account{KeyID: c.KeyID, Secret: c.Secret.Reveal(), Sign: c.Sign, AppID: c.AppID, Region: c.Region, Endpoint: c.Endpoint}
	var err error
	a.carrier, err = sms.New(c.Provider, account, &http.Client{}, a.now)
	return err
}

func (a *app) smsLadder() []routing.Messenger {
	if a.carrier == nil {
		return nil
	}
	templates := map[string]sms.Template{}
	for kind, t := range a.cfg.SMS.Templates {
		templates[kind] = sms.Template(t)
	}
	limits := sms.Limits{PerPerson: a.cfg.SMS.PerPerson, PerDay: a.cfg.SMS.PerDay}
	return []routing.Messenger{sms.NewMessenger(a.carrier, templates, a.db.store, a.live, limits, a.words, a.plan, a.now, a.log)}
}

// smsRoutes takes the carrier's reports.
func (a *app) smsRoutes() {
	if a.carrier == nil || a.cfg.SMS.CallbackToken == "" {
		return
	}
	sms.Callbacks{Provider: a.cfg.SMS.Provider, Token: a.cfg.SMS.CallbackToken.Reveal(), Secret: a.cfg.SMS.Secret.Reveal(), Office: a.desk,
		Now: a.now, Logger: a.log}.Routes(a.engine)
}

// sendsCodes reports whether codes can go out by SMS.
func (a *app) sendsCodes() bool {
	_, ok := a.cfg.SMS.Templates[sms.TemplateCode]
	return ok && a.carrier != nil
}
