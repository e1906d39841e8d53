package sandbox

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/skip2/go-qrcode"
)

const (
	maxMedia  = 200      // files kept; the oldest goes first
	maxUpload = 20 << 20 // bytes of one file
	mediaLife = 3 * 24 * time.Hour
)

// mediaLimits in bytes (api/material/temporary/api_uploadtempmedia).
var mediaLimits = map[string]int{"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}

type media struct {
	content []byte
	at      time.Time
}

// qrCode is a temporary QR code.
type qrCode struct {
	scene   string
	expires time.Time
}

// keep stores a file as temporary media and returns its id.
func (s *Sandbox) keep(content []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := rand.Text() + rand.Text()
	s.media[id] = media{append([]byte(nil), content...), s.cfg.Now()}
	s.mediaIDs = append(s.mediaIDs, id)
	if len(s.mediaIDs) > maxMedia {
		delete(s.media, s.mediaIDs[0])
		s.mediaIDs = s.mediaIDs[1:]
	}
	return id
}

func (s *Sandbox) file(id string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.media[id]
	return m.content, ok && s.cfg.Now().Sub(m.at) < mediaLife
}

func contentType(content []byte) string {
	if strings.HasPrefix(string(content[:min(5, len(content))]), "#!AMR") {
		return "audio/amr"
	}
	return http.DetectContentType(content)
}

// getMedia gives pictures and voices as they are, and the address of a video (api/material/temporary/api_getmedia).
func (s *Sandbox) getMedia(g *gin.Context) {
	id := g.Query("media_id")
	content, ok := s.file(id)
	if !ok {
		s.fail(g, 40007, "invalid media_id")
		return
	}
	if mediaKind(content) == "video" {
		g.JSON(http.StatusOK, gin.H{"video_url": s.cfg.BaseURL + "/sandbox/media/" + id})
		return
	}
	g.Header("Content-Disposition", `attachment; filename="`+id+`"`)
	g.Data(http.StatusOK, contentType(content), content)
}

func (s *Sandbox) uploadMedia(g *gin.Context) {
	content, err := upload(g, "media")
	if err != nil {
		s.fail(g, 41005, "media data missing")
		return
	}
	kind := g.Query("type")
	limit, known := mediaLimits[kind]
	switch {
	case !known:
		s.fail(g, 40004, "invalid media type")
	case len(content) == 0:
		s.fail(g, 44001, "empty media data")
	case len(content) > limit:
		s.fail(g, 40006, "invalid media size")
	case mediaKind(content) != strings.Replace(kind, "thumb", "image", 1):
		s.fail(g, 40005, "invalid file type")
	default:
		g.JSON(http.StatusOK, gin.H{"type": kind, "media_id": s.keep(content), "created_at": s.cfg.Now().Unix()})
	}
}

// mediaKind is image, voice or video by what the file is, "" for anything else.
func mediaKind(content []byte) string {
	kind, _, _ := strings.Cut(contentType(content), "/")
	switch kind {
	case "audio":
		return "voice"
	case "image", "video":
		return kind
	}
	return ""
}

// upload reads the file of a multipart form.
func upload(g *gin.Context, field string) ([]byte, error) {
	g.Request.Body = http.MaxBytesReader(g.Writer, g.Request.Body, maxUpload)
	file, _, err := g.Request.FormFile(field)
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	return content, nil
}

// createQRCode makes a temporary code with a scene of text (api/qrcode/qrcodes/api_createqrcode).
func (s *Sandbox) createQRCode(g *gin.Context) {
	var in struct {
		Expire int64  `json:"expire_seconds"`
		Action string `json:"action_name"`
		Info   struct {
			Scene struct {
				Text string `json:"scene_str"`
			} `json:"scene"`
		} `json:"action_info"`
	}
	err := g.ShouldBindJSON(&in)
	scene := in.Info.Scene.Text
	switch {
	case err != nil:
		s.fail(g, 47001, "data format error")
	case in.Action != "QR_STR_SCENE":
		s.fail(g, 40052, "invalid action name")
	case scene == "" || len(scene) > 64:
		s.fail(g, 40053, "invalid action info")
	case in.Expire < 1 || in.Expire > 2592000:
		s.fail(g, 40051, "invalid expire_seconds")
	default:
		ticket := s.addCode(scene, time.Duration(in.Expire)*time.Second)
		g.JSON(http.StatusOK, gin.H{"ticket": ticket, "expire_seconds": in.Expire, "url": s.scanURL(ticket)})
	}
}

func (s *Sandbox) addCode(scene string, life time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ticket := "gQ" + rand.Text() + "==" // needs escaping, as the platform's do
	s.codes[ticket] = qrCode{scene, s.cfg.Now().Add(life)}
	return ticket
}

// scanURL is what the picture says: scanned with a real phone, it opens the sandbox's.
func (s *Sandbox) scanURL(ticket string) string {
	return s.cfg.BaseURL + "/sandbox?scan=" + strings.ReplaceAll(ticket, "=", "%3D")
}

// scene of a ticket that has not expired.
func (s *Sandbox) scene(ticket string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.codes[ticket]
	return c.scene, ok && s.cfg.Now().Before(c.expires)
}

// ticketOf finds a ticket with the scene, "" when nobody has made one.
func (s *Sandbox) ticketOf(scene string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ticket, c := range s.codes {
		if c.scene == scene {
			return ticket
		}
	}
	return ""
}

func (s *Sandbox) showQRCode(g *gin.Context) {
	ticket := g.Query("ticket")
	if _, ok := s.scene(ticket); !ok {
		g.AbortWithStatus(http.StatusNotFound)
		return
	}
	png, err := qrcode.Encode(s.scanURL(ticket), qrcode.Medium, 430)
	if err != nil {
		s.cfg.Logger.Error("sandbox: draw QR code", "error", err)
		g.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	g.Data(http.StatusOK, "image/png", png)
}
