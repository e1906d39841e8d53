package sms

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	tsms "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sms/v20210111"
)

// tencentEndpoint is the product's own (短信 SMS 2021-01-11, SendSms).
const (
	tencentEndpoint = "https://sms.tencentcloudapi.com"
	tencentRegion   = "ap-guangzhou"
)

// tencentReactions: error codes of SendSms, and of each number in its SendStatusSet.
var tencentReactions = map[string]reaction{
	"InternalError":                                                   again,
	"InternalError.SendAndRecvFail":                                   again,
	"InternalError.RequestTimeException":                              again,
	"InternalError.RestApiInterfaceNotExist":                          alarm,
	"InternalError.OtherError":                                        again,
	"RequestLimitExceeded":                                            again,
	"LimitExceeded.DeliveryFrequencyLimit":                            again,
	"LimitExceeded.PhoneNumberThirtySecondLimit":                      {again.what, thirtySeconds},
	"LimitExceeded.PhoneNumberOneHourLimit":                           next,
	"LimitExceeded.PhoneNumberDailyLimit":                             next,
	"LimitExceeded.PhoneNumberSameContentDailyLimit":                  next,
	"LimitExceeded.AppDailyLimit":                                     alarm,
	"LimitExceeded.DailyLimit":                                        alarm,
	"FailedOperation.InsufficientBalanceInSmsPackage":                 alarm,
	"FailedOperation.SignatureIncorrectOrUnapproved":                  alarm,
	"FailedOperation.TemplateIncorrectOrUnapproved":                   alarm,
	"FailedOperation.TemplateParamSetNotMatchApprovedTemplate":        alarm,
	"FailedOperation.PhoneNumberInBlacklist":                          black,
	"FailedOperation.ContainSensitiveWord":                            alarm,
	"FailedOperation.FailResolvePacket":                               alarm,
	"InvalidParameterValue.IncorrectPhoneNumber":                      next,
	"InvalidParameterValue.TemplateParameterFormatError":              alarm,
	"InvalidParameterValue.TemplateParameterLengthLimit":              alarm,
	"InvalidParameterValue.ProhibitedUseUrlInTemplateParameter":       alarm,
	"UnauthorizedOperation.SmsSdkAppIdVerifyFail":                     alarm,
	"AuthFailure.SecretIdNotFound":                                    alarm,
	"AuthFailure.SignatureFailure":                                    alarm,
	"AuthFailure.SignatureExpire":                                     alarm,
	"AuthFailure.UnauthorizedOperation":                               alarm,
	"UnsupportedOperation.UnsupportedRegion":                          next,
	"UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone":       next,
	"UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber": alarm,
}

const thirtySeconds = 30e9

type tencent struct {
	client  *tsms.Client
	account Account
}

func newTencent(a Account) (*tencent, error) {
	if a.Endpoint == "" {
		a.Endpoint = tencentEndpoint
	}
	if a.Region == "" {
		a.Region = tencentRegion
	}
	u, err := url.Parse(a.Endpoint)
	if err != nil || u.Host == "" {
		return nil, errors.New("sms: the endpoint must be scheme://host")
	}
	p := profile.NewClientProfile()
	p.HttpProfile.Endpoint, p.HttpProfile.Scheme, p.HttpProfile.ReqTimeout = u.Host, strings.ToUpper(u.Scheme), int(timeout.Seconds())
	client, err := tsms.NewClient(common.NewCredential(a.KeyID, a.Secret), a.Region, p)
	if err != nil {
		return nil, fmt.Errorf("sms: make client: %w", err)
	}
	return &tencent{client: client, account: a}, nil
}

// Send implements Sender.
func (s *tencent) Send(ctx context.Context, m Message) (string, error) {
	r := tsms.NewSendSmsRequest()
	r.PhoneNumberSet = common.StringPtrs([]string{"+86" + m.Phone})
	r.SmsSdkAppId, r.SignName, r.TemplateId = common.StringPtr(s.account.AppID), common.StringPtr(s.account.Sign), common.StringPtr(m.Template.ID)
	r.TemplateParamSet, r.SessionContext = common.StringPtrs(m.args()), common.StringPtr(m.ID)
	answer, err := s.client.SendSmsWithContext(ctx, r)
	if refused := (*sdkerrors.TencentCloudSDKError)(nil); errors.As(err, &refused) {
		if strings.HasPrefix(refused.Code, "ClientError.") {
			return "", unclear("send through Tencent Cloud", err)
		}
		return "", failed(refused.Code, refused.Message, tencentReactions)
	}
	if err != nil || answer.Response == nil || len(answer.Response.SendStatusSet) != 1 {
		return "", unclear("send through Tencent Cloud", err)
	}
	status := answer.Response.SendStatusSet[0]
	if status.Code == nil || *status.Code != "Ok" {
		return "", failed(value(status.Code), value(status.Message), tencentReactions)
	}
	return value(status.SerialNo), nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
