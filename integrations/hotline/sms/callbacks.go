package sms

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// Path is where carriers report: Path/{token}/report and Path/{token}/reply. They sign nothing, so the address is the secret.
const Path = "/hotline/sms"

// maxReport is the largest report taken, in bytes.
const maxReport = 256 << 10

// Office takes what carriers tell.
type Office interface {
	// SMSReported: the carrier's last word on a message; status is "success" or begins with "failed".
	SMSReported(ctx context.Context, providerID, status string) error
	// SMSReplied: somebody has answered a message.
	SMSReplied(ctx context.Context, phone, text string) error
}

// Callbacks takes the reports of one provider.
type Callbacks struct {
	Provider string
	Token    string // in the address
	Secret   string // Gateway: signs its reports
	Office   Office
	Now      func() time.Time
	Logger   *slog.Logger
}

// Routes adds the addresses.
func (c Callbacks) Routes(r gin.IRouter) {
	r.POST(Path+"/:token/:what", c.take)
}

// report is one message's fate; reply is what somebody wrote back.
type report struct{ id, status string }
type reply struct{ phone, text string }

var errShape = errors.New("not in the provider's shape")

func (c Callbacks) take(g *gin.Context) {
	if subtle.ConstantTimeCompare([]byte(g.Param("token")), []byte(c.Token)) != 1 || c.Token == "" {
		g.Status(http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(g.Writer, g.Request.Body, maxReport))
	if err != nil {
		g.Status(http.StatusRequestEntityTooLarge)
		return
	}
	if c.Provider == Gateway && !c.signed(g.Request.Header, body) {
		g.Status(http.StatusUnauthorized)
		return
	}
	ctx := g.Request.Context()
	switch g.Param("what") {
	case "report":
		err = c.reports(ctx, body)
	case "reply":
		err = c.replies(ctx, body)
	default:
		g.Status(http.StatusNotFound)
		return
	}
	switch {
	case errors.Is(err, errShape):
		g.Status(http.StatusBadRequest)
	case err != nil: // the carrier tells it again
		c.Logger.ErrorContext(ctx, "a carrier's report isn't taken", "what", g.Param("what"), "error", err)
		g.Status(http.StatusInternalServerError)
	case c.Provider == Tencent:
		g.JSON(http.StatusOK, gin.H{"result": 0, "errmsg": "OK"})
	default:
		g.JSON(http.StatusOK, gin.H{"code": 0, "msg": "成功"}) //nolint:gosmopolitan // Alibaba Cloud's protocol
	}
}

// skew is how far a gateway's clock may be off.
const skew = 5 * time.Minute

func (c Callbacks) signed(h http.Header, body []byte) bool {
	stamp := h.Get("X-Jiesu-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || c.Now().Sub(time.Unix(seconds, 0)).Abs() > skew {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(Sign(c.Secret, stamp, body)), []byte(h.Get("X-Jiesu-Signature"))) == 1
}

func (c Callbacks) reports(ctx context.Context, body []byte) error {
	list, err := c.readReports(body)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := c.Office.SMSReported(ctx, ProviderID(r.id), r.status); err != nil {
			return err
		}
	}
	return nil
}

func (c Callbacks) replies(ctx context.Context, body []byte) error {
	list, err := c.readReplies(body)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := c.Office.SMSReplied(ctx, r.phone, r.text); err != nil {
			return err
		}
	}
	return nil
}

// fate is the status in the words of routing.OutcomeOf.
func fate(arrived bool, code string) string {
	if arrived {
		return "success"
	}
	return "failed: " + code
}

// readReports reads Alibaba Cloud's SmsReport, Tencent Cloud's status push, or our gateway's list.
func (c Callbacks) readReports(body []byte) (list []report, err error) {
	var items []struct {
		BizID   string `json:"biz_id"` // Alibaba Cloud
		Success *bool  `json:"success"`
		ErrCode string `json:"err_code"`
		SID     string `json:"sid"` // Tencent Cloud
		Status  string `json:"report_status"`
		ErrMsg  string `json:"errmsg"`
		ID      string `json:"id"` // gateway
	}
	if json.Unmarshal(body, &items) != nil {
		return nil, errShape
	}
	for _, i := range items {
		switch {
		case c.Provider == Tencent && i.SID != "" && i.Status != "":
			list = append(list, report{i.SID, fate(i.Status == "SUCCESS", i.ErrMsg)})
		case c.Provider == Aliyun && i.BizID != "" && i.Success != nil:
			list = append(list, report{i.BizID, fate(*i.Success, i.ErrCode)})
		case c.Provider == Gateway && i.ID != "" && i.Success != nil:
			list = append(list, report{i.ID, fate(*i.Success, i.ErrCode)})
		default:
			return nil, errShape
		}
	}
	return list, nil
}

// readReplies reads Alibaba Cloud's SmsUp and the gateway's list, or Tencent Cloud's single answer.
func (c Callbacks) readReplies(body []byte) (list []reply, err error) {
	type item struct {
		PhoneNumber string `json:"phone_number"` // Alibaba Cloud, gateway
		Mobile      string `json:"mobile"`       // Tencent Cloud
		Content     string `json:"content"`
	}
	var items []item
	if c.Provider == Tencent {
		items = make([]item, 1)
		err = json.Unmarshal(body, &items[0])
	} else {
		err = json.Unmarshal(body, &items)
	}
	if err != nil {
		return nil, errShape
	}
	for _, i := range items {
		phone, mobile := routing.MobilePhone(i.PhoneNumber + i.Mobile)
		if !mobile {
			return nil, errShape
		}
		list = append(list, reply{phone, i.Content})
	}
	return list, nil
}
