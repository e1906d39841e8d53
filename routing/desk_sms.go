package routing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SMSReported takes a carrier's last word on a message; see ReportedIn.
func (d *Desk) SMSReported(ctx context.Context, providerID, status string) error {
	return d.store.Update(ctx, func(tx Tx) error { return d.ReportedIn(ctx, tx, providerID, status) })
}

// stops and starts are what people write back to hear no more, and to hear again (通信短信息服务管理规定, 第十八条; the carriers' TD and T).
var (
	stops  = []string{"TD", "T", "N", "STOP", "\u9000\u8ba2", "\u9000\u8ba2T"} // 退订
	starts = []string{"START", "\u6062\u590d"}                                 // 恢复
)

// SMSReplied takes what somebody wrote back: that they want no more messages, or again, or else words for an operator.
func (d *Desk) SMSReplied(ctx context.Context, phone, text string) error {
	word := strings.ToUpper(strings.TrimSpace(text))
	return d.store.Update(ctx, func(tx Tx) error {
		switch {
		case slices.Contains(stops, word):
			return tx.RefuseSMS(ctx, phone, d.now())
		case slices.Contains(starts, word):
			return tx.RefuseSMS(ctx, phone, time.Time{})
		}
		who, err := d.complainantOf(ctx, tx, Complaint{Contact: Contact{Phone: phone}})
		if err != nil {
			return fmt.Errorf("find who wrote: %w", err)
		}
		return d.AddTaskIn(ctx, tx, Task{Kind: TaskReply, ComplainantID: who.ID, Note: text})
	})
}
