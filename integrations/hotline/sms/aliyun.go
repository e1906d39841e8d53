package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
)

// aliyunEndpoint serves the mainland (短信服务 Dysmsapi 2017-05-25, SendSms).
const aliyunEndpoint = "https://dysmsapi.aliyuncs.com"

// aliyunReactions: 短信服务错误码 (API error codes of Dysmsapi). Of what isn't here the administrator hears too.
var aliyunReactions = map[string]reaction{
	"isp.SYSTEM_ERROR":                again,
	"isv.BUSINESS_LIMIT_CONTROL":      next, // this number had its share of the minute, hour or day
	"isv.DAY_LIMIT_CONTROL":           alarm,
	"isv.MONTH_LIMIT_CONTROL":         alarm,
	"isv.AMOUNT_NOT_ENOUGH":           alarm,
	"isv.OUT_OF_SERVICE":              alarm,
	"isv.ACCOUNT_NOT_EXISTS":          alarm,
	"isv.ACCOUNT_ABNORMAL":            alarm,
	"isv.SMS_SIGNATURE_ILLEGAL":       alarm,
	"isv.SMS_TEMPLATE_ILLEGAL":        alarm,
	"isv.TEMPLATE_MISSING_PARAMETERS": alarm,
	"isv.TEMPLATE_PARAMS_ILLEGAL":     alarm,
	"isv.INVALID_PARAMETERS":          alarm,
	"isv.INVALID_JSON_PARAM":          alarm,
	"isv.BLACK_KEY_CONTROL_LIMIT":     next,
	"isv.MOBILE_NUMBER_ILLEGAL":       next,
	"isp.RAM_PERMISSION_DENY":         alarm,
	"SignatureDoesNotMatch":           alarm,
	"InvalidAccessKeyId.NotFound":     alarm,
	"Throttling.User":                 again,
	"ServiceUnavailable":              again,
	"isv.DENY_IP_RANGE":               alarm,
	"isv.PARAM_LENGTH_LIMIT":          alarm,
	"isv.PARAM_NOT_SUPPORT_URL":       alarm,
	"isv.PRODUCT_UN_SUBSCRIPT":        alarm,
	"isv.MOBILE_COUNT_OVER_LIMIT":     alarm,
}

type aliyun struct {
	client  *openapi.Client
	account Account
	scheme  string
}

func newAliyun(a Account) (*aliyun, error) {
	if a.Endpoint == "" {
		a.Endpoint = aliyunEndpoint
	}
	u, err := url.Parse(a.Endpoint)
	if err != nil || u.Host == "" {
		return nil, errors.New("sms: the endpoint must be scheme://host")
	}
	scheme := strings.ToUpper(u.Scheme)
	client, err := openapi.NewClient(&utils.Config{AccessKeyId: tea.String(a.KeyID), AccessKeySecret: tea.String(a.Secret), Endpoint: tea.String(u.Host),
		Protocol: tea.String(scheme)})
	if err != nil {
		return nil, fmt.Errorf("sms: make client: %w", err)
	}
	return &aliyun{client: client, account: a, scheme: scheme}, nil
}

// Send implements Sender.
func (s *aliyun) Send(ctx context.Context, m Message) (string, error) {
	values := map[string]string{}
	for _, name := range m.Template.Params {
		values[name] = m.Values[name]
	}
	text, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("sms: write values: %w", err)
	}
	params := &utils.Params{Action: tea.String("SendSms"), Version: tea.String("2017-05-25"), Protocol: tea.String(s.scheme), Method: tea.String("POST"),
		AuthType: tea.String("AK"), Style: tea.String("RPC"), Pathname: tea.String("/"), ReqBodyType: tea.String("formData"), BodyType: tea.String("json")}
	request := &utils.OpenApiRequest{Query: map[string]*string{"PhoneNumbers": tea.String(m.Phone), "SignName": tea.String(s.account.Sign),
		"TemplateCode": tea.String(m.Template.ID), "TemplateParam": tea.String(string(text)), "OutId": tea.String(m.ID)}}
	millis := int(timeout.Milliseconds())
	answer, err := s.client.CallApiWithCtx(ctx, params, request, &dara.RuntimeOptions{ConnectTimeout: tea.Int(millis), ReadTimeout: tea.Int(millis), Autoretry: tea.Bool(false)})
	if refused := (*tea.SDKError)(nil); errors.As(err, &refused) && named(refused.Code) {
		return "", failed(tea.StringValue(refused.Code), tea.StringValue(refused.Message), aliyunReactions)
	}
	if err != nil {
		return "", aliyunFailed(err)
	}
	body, _ := answer["body"].(map[string]any)
	code, _ := body["Code"].(string)
	if code != "OK" {
		message, _ := body["Message"].(string)
		return "", failed(code, message, aliyunReactions)
	}
	id, _ := body["BizId"].(string)
	return id, nil
}

// aliyunFailed reads an error of the SDK, which has several types for what the server said.
func aliyunFailed(err error) error {
	type coded interface {
		GetCode() *string
		GetMessage() *string
	}
	if c := coded(nil); errors.As(err, &c) && named(c.GetCode()) {
		return failed(tea.StringValue(c.GetCode()), tea.StringValue(c.GetMessage()), aliyunReactions)
	}
	return unclear("send through Alibaba Cloud", err)
}

// named reports whether the server gave a code; the SDK writes "<nil>" for none.
func named(code *string) bool { return tea.StringValue(code) != "" && tea.StringValue(code) != "<nil>" }
