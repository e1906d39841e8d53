package console

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// personPath is where the office answers what the complainant of a case asks about their own data.
const personPath = "/console/cases/:number/person"

// personView is the page of a complainant's personal data.
type personView struct {
	Number  string
	Cases   []routing.Case // of theirs, the newest first
	Open    int            // of them, that can't be erased yet
	Left    bool           // there is something to erase
	Problem *problemView
	Done    *routing.Erasure
}

func (s *Console) personPage(c *gin.Context, actor routing.Actor) error {
	return s.showPerson(c, actor, http.StatusOK, personView{})
}

func (s *Console) showPerson(c *gin.Context, actor routing.Actor, status int, v personView) (err error) {
	v.Number = c.Param("number")
	if v.Cases, err = s.Desk.CasesOfPerson(c.Request.Context(), actor, v.Number); err != nil {
		return err
	}
	for _, own := range v.Cases {
		v.Left = v.Left || own.ErasedAt.IsZero()
		if own.State.Open() {
			v.Open++
		}
	}
	s.render(c, status, "person", page{Title: "console.person.title", Actor: actor, Section: "list", Number: v.Number, Data: v})
	return nil
}

// personFailed shows the page again with what is wrong; every other error is the caller's.
func (s *Console) personFailed(c *gin.Context, actor routing.Actor, cause error) error {
	status, key, text := s.explain(cause)
	if status != http.StatusUnprocessableEntity {
		return cause
	}
	return s.showPerson(c, actor, status, personView{Problem: &problemView{Key: key, Text: text, Typed: typed(c)}})
}

// erase removes, at the complainant's wish, what names them. The number is typed once more: it can't be undone.
func (s *Console) erase(c *gin.Context, actor routing.Actor) error {
	number := c.Param("number")
	if strings.TrimSpace(c.PostForm("confirm")) != number {
		return s.personFailed(c, actor, &routing.InvalidError{Field: "confirm", Key: "error.erase_confirm"})
	}
	done, err := s.Desk.Erase(c.Request.Context(), actor, number, strings.TrimSpace(c.PostForm("note")))
	if err != nil {
		return s.personFailed(c, actor, err)
	}
	s.Logger.Info("personal data erased", "number", number, "cases", len(done.Erased), "kept", len(done.Kept), "actor_id", actor.ID)
	return s.showPerson(c, actor, http.StatusOK, personView{Done: &done})
}

// dossier answers with everything about the complainant: a page to read, the same as JSON, and the files they sent.
func (s *Console) dossier(c *gin.Context, actor routing.Actor) error {
	number := c.Param("number")
	d, err := s.Desk.Dossier(c.Request.Context(), actor, number, strings.TrimSpace(c.PostForm("note")))
	if err != nil {
		return s.personFailed(c, actor, err)
	}
	var packed bytes.Buffer
	if err := s.packDossier(c, &packed, actor, d); err != nil {
		return fmt.Errorf("pack what is kept of the complainant of %s: %w", number, err)
	}
	s.Logger.Info("personal data handed out", "number", number, "cases", len(d.Cases), "actor_id", actor.ID)
	c.Header("Content-Disposition", `attachment; filename="dossier-`+url.PathEscape(number)+`.zip"`)
	c.Data(http.StatusOK, "application/zip", packed.Bytes())
	return nil
}

func (s *Console) packDossier(c *gin.Context, w io.Writer, actor routing.Actor, d routing.Dossier) error {
	z := zip.NewWriter(w)
	add := func(name string, write func(w io.Writer) error) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: d.Made})
		if err != nil {
			return err
		}
		return write(f)
	}
	if err := add("dossier.html", func(w io.Writer) error {
		return s.views["person"].ExecuteTemplate(w, "dossier", page{Title: "console.person.dossier", Actor: actor, Data: d})
	}); err != nil {
		return err
	}
	if err := add("dossier.json", func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(s.dossierJSON(d))
	}); err != nil {
		return err
	}
	for _, dc := range d.Cases {
		for _, a := range dc.Files {
			if a.State != routing.AttachmentStored {
				continue
			}
			content, err := s.Store.AttachmentContent(c.Request.Context(), a.ID)
			if err != nil {
				return fmt.Errorf("read attachment %s: %w", a.ID, err)
			}
			if err := add("files/"+dc.Case.Number+"-"+a.ID+suffix(a.ContentType), func(w io.Writer) error { _, err := w.Write(content); return err }); err != nil {
				return err
			}
		}
	}
	return z.Close()
}

// wireCase is a case in dossier.json.
type wireCase struct {
	Number    string            `json:"number"`
	State     string            `json:"state"`
	FiledAt   string            `json:"filed_at"`
	Item      string            `json:"item"`
	Unit      string            `json:"unit,omitempty"`
	District  string            `json:"district,omitempty"`
	Text      string            `json:"text"`
	Contact   routing.Contact   `json:"contact"`
	Hidden    bool              `json:"hidden"`
	Named     *routing.Entities `json:"read_from_text,omitempty"`
	Steps     []wireStep        `json:"steps"`
	Notices   []wireSaid        `json:"notices"`
	Calls     []wireSaid        `json:"calls"`
	FileNames []string          `json:"files"`
}

type wireStep struct {
	At   string `json:"at"`
	Who  string `json:"who"`
	What string `json:"what"`
	Note string `json:"note,omitempty"`
}

type wireSaid struct {
	At   string `json:"at"`
	Who  string `json:"who,omitempty"`
	Text string `json:"text"`
}

// dossierJSON is the dossier for a program, with names in place of our ids.
func (s *Console) dossierJSON(d routing.Dossier) any {
	cases := make([]wireCase, 0, len(d.Cases))
	for _, dc := range d.Cases {
		c := dc.Case
		w := wireCase{Number: c.Number, State: s.text("state." + string(c.State)), FiledAt: s.dated(c.FiledAt), Item: s.itemName(c.Item), Unit: s.Plan.UnitName(c.Unit),
			District: c.District, Text: c.Text, Contact: c.Contact, Hidden: c.Confidential, Named: c.Judgement.Entities,
			Steps: []wireStep{}, Notices: []wireSaid{}, Calls: []wireSaid{}, FileNames: []string{}}
		for _, e := range dc.Timeline {
			who := s.text("role." + string(e.Actor.Role))
			if e.Actor.Unit != "" {
				who = s.Plan.UnitName(e.Actor.Unit)
			}
			w.Steps = append(w.Steps, wireStep{s.dated(e.At), who, s.text("event." + did(e)), e.Data.Note})
		}
		for _, n := range dc.Notices {
			w.Notices = append(w.Notices, wireSaid{At: s.dated(n.CreatedAt), Text: n.Text})
		}
		for _, call := range dc.Calls {
			w.Calls = append(w.Calls, wireSaid{At: s.dated(call.StartedAt), Who: call.Operator, Text: call.Caller})
		}
		for _, a := range dc.Files {
			w.FileNames = append(w.FileNames, "files/"+c.Number+"-"+a.ID+suffix(a.ContentType))
		}
		cases = append(cases, w)
	}
	var chats []wireSaid
	for _, chat := range d.Chats {
		for _, l := range chat.Lines {
			chats = append(chats, wireSaid{s.dated(l.At), s.text("console.person.side." + string(l.Side)), l.Text})
		}
	}
	p := d.Complainant
	return map[string]any{"made_at": s.dated(d.Made), "openid": p.OpenID, "phone": p.Phone, "name": p.Name, "enterprise": p.Enterprise, "since": s.dated(p.CreatedAt),
		"cases": cases, "conversations": chats}
}
