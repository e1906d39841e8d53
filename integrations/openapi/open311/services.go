package open311

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"jiesu/routing"
)

// services are the items of the plan, in their category groups, and everything outside of it.
func (s *Server) services() element {
	var list []element
	for _, c := range s.plan().Categories {
		for _, i := range c.Items {
			list = append(list, service(i.ID, i.Name, strings.Join(i.Covers, s.word("comma")), c.Name, i.Covers))
		}
	}
	list = append(list, service(routing.Other, s.word("other"), s.word("other.is"), s.word("other"), nil))
	return listOf("services", list...)
}

func service(code, name, description, category string, keywords []string) element {
	return group("service", text("service_code", code), text("service_name", name), text("description", description), truth("metadata", true),
		text("type", "realtime"), text("keywords", strings.Join(keywords, ",")), text("group", category))
}

func (s *Server) plan() *routing.Plan { return s.Desk.Plan() }

func (s *Server) word(key string) string { return s.Wording.Text("open311." + key) }

// has reports whether there is such a service.
func (s *Server) has(code string) bool { return code == routing.Other || s.plan().ItemName(code) != "" }

func (s *Server) serviceName(code string) string {
	if code == routing.Other {
		return s.word("other")
	}
	return s.plan().ItemName(code)
}

// The attributes of a request.
const (
	attrEnterprise   = "enterprise"
	attrDistrict     = "district"
	attrConfidential = "confidential"
	attrPublish      = "publish"
)

const (
	yes = "yes"
	no  = "no"
)

// attribute is one of a service's questions.
type attribute struct {
	code     string
	datatype string
	values   []string // keys; of districts the names
}

// attributes are the same for every service. Whether the complaint may be read by everybody is always asked, never supposed.
func (s *Server) attributes() []attribute {
	return []attribute{
		{attrPublish, "singlevaluelist", []string{no, yes}},
		{attrConfidential, "singlevaluelist", []string{no, yes}},
		{attrEnterprise, "string", nil},
		{attrDistrict, "singlevaluelist", s.plan().Districts},
	}
}

// definition describes a service's attributes.
func (s *Server) definition(_ *gin.Context, code string) (element, error) {
	if !s.has(code) {
		return element{}, gone("404", "service_code was not found")
	}
	var list []element
	for i, a := range s.attributes() {
		var values []element
		for _, v := range a.values {
			name := v
			if a.code != attrDistrict {
				name = s.word("value." + v)
			}
			values = append(values, group("value", text("key", v), text("name", name)))
		}
		list = append(list, group("attribute", truth("variable", true), text("code", a.code), text("datatype", a.datatype), truth("required", false),
			text("datatype_description", s.word("attribute."+a.code+".how")), number("order", i+1), text("description", s.word("attribute."+a.code)),
			listOf("values", values...)))
	}
	return group("service_definition", text("service_code", code), listOf("attributes", list...)), nil
}

// value reads an attribute of a request. Error: one that is none of its values.
func (s *Server) value(g *gin.Context, code string) (string, error) {
	form := g.Request.Form
	v := form.Get("attribute[" + code + "]")
	if v == "" {
		v = form.Get("attribute[" + code + "][]")
	}
	if v == "" {
		return "", nil
	}
	for _, a := range s.attributes() {
		if a.code == code && a.values != nil && !slices.Contains(a.values, v) {
			return "", bad("400", "attribute["+code+"] is none of its values")
		}
	}
	return v, nil
}

// unknownAttribute finds one that the service doesn't have.
func (s *Server) unknownAttribute(g *gin.Context) error {
	for name := range g.Request.PostForm {
		code, ok := strings.CutPrefix(name, "attribute[")
		if !ok {
			continue
		}
		code = strings.TrimSuffix(strings.TrimSuffix(code, "[]"), "]")
		if !slices.ContainsFunc(s.attributes(), func(a attribute) bool { return a.code == code }) {
			return bad("400", "attribute["+code+"] is not an attribute of this service")
		}
	}
	return nil
}
