package routing

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// PersonalKind is a kind of personal data that is known by its form.
type PersonalKind string

// The kinds.
const (
	PersonalPhone   PersonalKind = "phone"
	PersonalID      PersonalKind = "id_card"     // 公民身份号码, GB 11643
	PersonalCard    PersonalKind = "bank_card"   // ISO/IEC 7812
	PersonalPlate   PersonalKind = "plate"       // 机动车号牌, GA 36
	PersonalEmail   PersonalKind = "email"       //
	PersonalCredit  PersonalKind = "credit_code" // 统一社会信用代码, GB 32100: names the enterprise
	PersonalAccount PersonalKind = "account"     // of WeChat, QQ …
	PersonalName    PersonalKind = "name"        // of a person, beside a word that says so
)

// Personal is a stretch of a text, in bytes, that says who somebody is.
type Personal struct {
	Kind       PersonalKind
	Start, End int
}

// phoneLike finds what can be a telephone number, whoever's, with what people put between its digits.
var phoneLike = regexp.MustCompile(`(?:\+?86[ -]?)?1[ -]?[3-9](?:[ -]?\d){9}|\(?0\d{2,3}\)?[ -]?\d{3,4}[ -]?\d{4}|\b[2-9]\d{6,7}\b|[48]00(?:[ -]?\d){7}`)

const provinces = "\u4eac\u6d25\u6caa\u6e1d\u5180\u8c6b\u4e91\u8fbd\u9ed1\u6e58\u7696\u9c81\u65b0\u82cf\u6d59\u8d63\u9102\u6842\u7518\u664b\u8499\u9655\u5409\u95fd\u8d35\u7ca4\u9752\u85cf\u5ddd\u5b81\u743c" // 京津沪…

var (
	// Fifteen digits are of identity cards from before 1999; people still name them.
	idLike     = regexp.MustCompile(`[1-9](?:[ -]?\d){16}[ -]?[\dXx]|[1-9](?:[ -]?\d){14}`)
	cardLike   = regexp.MustCompile(`[1-9](?:[ -]?\d){12,18}`)
	plateLike  = regexp.MustCompile(`[` + provinces + `][A-Za-z][ \x{b7}\x{2022}-]?[A-HJ-NP-Za-hj-np-z0-9]{4,5}(?:[A-HJ-NP-Za-hj-np-z0-9]|[\x{6302}\x{5b66}\x{8b66}\x{6e2f}\x{6fb3}])`)
	emailLike  = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	creditLike = regexp.MustCompile(`[0-9A-HJ-NP-RTUWXYa-hj-np-rtuwxy]{2}\d{6}[0-9A-HJ-NP-RTUWXYa-hj-np-rtuwxy]{10}`)
	// An account is known by the word before it: 微信, 威信, vx, QQ, 企鹅, 抖音, 支付宝.
	accountLike = regexp.MustCompile(`(?i)(?:\x{5fae}\x{4fe1}|\x{5a01}\x{4fe1}|\bwechat|\bweixin|\bvx|\bqq|\x{4f01}\x{9e45}|\x{6296}\x{97f3}|\x{652f}\x{4ed8}\x{5b9d})(?:\x{53f7}|\x{53f7}\x{7801}|\x{8d26}\x{53f7})?[\x{662f}\x{4e3a}:\x{ff1a} ]{0,3}([A-Za-z][A-Za-z0-9_-]{5,19}|[1-9]\d{4,10})`)
)

// surnames are the common ones of China, 单姓 then 复姓.
const (
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤佟关裴慕温栾冷车边庞樊兰殷施洪翟安倪牛芦葛尚宁岳齐梅庄辛管祝左涂谷祁时舒耿牟卜詹靳苗凌费纪翁欧甘项古屈查柯路焦阮鲍隋滕"
	doubles  = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|司徒|令狐|宇文|长孙"
)

var (
	// A name after a word for who it is: 我叫, 姓名, 联系人, 法人, 负责人 … Of two characters after the family name the second may already belong to what follows.
	nameAfter = regexp.MustCompile(`(我叫|名叫|叫做|姓名|户名|收款人|联系人|投诉人|举报人|申请人|当事人|委托人|法定代表人|法人代表|法人|负责人|经营者|经办人|店主|业主|店长|本人)((?:是|为|叫|:|：| ){0,2})((?:` + doubles + `|[` + surnames + `])\p{Han}{1,2})`)
	// A whole name before how one is addressed. A family name alone says too little to blank.
	nameBefore = regexp.MustCompile(`(^|[\p{P}\s是叫找给跟由了])()([` + surnames + `]\p{Han}{2}(?:先生|女士|大姐|科长|经理))`)
	// What a given name doesn't begin or end with here, since another word begins: 的, 是, 电话, 手机, 说 …
	notGiven = "的是在说电手联身向和与跟到来去把被也都就先女男今要让给有没不及等因于从将对为打找某什么"
	titles   = regexp.MustCompile(`^.(?:经理|老师|秘书|主任|科长|总|老板|先生|女士|师傅|大姐|大哥|工|队|局|某)`)
	// Words that look like a name beside these cues.
	notNames = []string{"安排", "安装", "高兴", "高级", "任何", "万一", "方面", "方代", "全体", "时候", "关于", "关门", "关停", "程序", "时间", "金额", "段时", "路上", "安全", "管理", "常务", "车间", "马上", "明确", "何时", "何人", "曾经", "应当", "成立", "尚未", "尚欠", "左右", "洪水", "方案", "齐全", "时任",
		"查询", "关闭", "于洪", "沈阳", "沈河", "沈北", "康平", "苏家", "付款", "白纸", "陈述", "管部", "温州", "祝您", "谢谢", "周边", "方换", "曾表", "曾提", "曾邀", "曾委"}
	trade   = regexp.MustCompile(`[行产工企农]$`) // 行业主管 …
	follows = regexp.MustCompile(`^(?:$|[^\p{Han}]|电话|手机|联系|身份|先生|女士|在|是|说)`)
)

// nameIn is where in the text the name ends that a pattern found, 0 when it is none. Between the cue and it stands a word that says so (sure), or it ends where
// a name would: a bare cue is the beginning of many words.
func nameIn(text string, start, end int, sure bool) int {
	r := []rune(text[start:end])
	family := 1
	if len(r) > 2 && strings.Contains(doubles, string(r[:2])) {
		family = 2
	}
	name := string(r)
	if strings.ContainsRune(notGiven, r[family]) || titles.MatchString(name) || slices.ContainsFunc(notNames, func(w string) bool { return strings.HasPrefix(name, w) }) {
		return 0
	}
	for last := len(r); last > family; last-- {
		if strings.ContainsRune(notGiven, r[last-1]) {
			continue
		}
		if at := start + len(string(r[:last])); sure || follows.MatchString(text[at:]) {
			return at
		}
	}
	return 0
}

// FindPersonal finds personal data that has a form of its own, and names beside words that say so, in the order of the text and without overlaps. Digits and letters may be full-width, digits
// set apart by blanks or hyphens. Where a form has a check digit it decides, unless the words before say what the number is: people mistype.
func FindPersonal(text string) []Personal {
	plain, at := halfWidth(text)
	var found []Personal
	put := func(k PersonalKind, start, end int) {
		p := Personal{k, at[start], at[end]}
		if !slices.ContainsFunc(found, func(o Personal) bool { return o.Start < p.End && p.Start < o.End }) {
			found = append(found, p)
		}
	}
	each := func(k PersonalKind, like *regexp.Regexp, is func(digits, before string) bool) {
		for _, m := range like.FindAllStringSubmatchIndex(plain, -1) {
			start, end := m[len(m)-2], m[len(m)-1] // of the group, else of the whole
			if within(plain, start, end) && is(compact(plain[start:end]), plain[:m[0]]) {
				put(k, start, end)
			}
		}
	}
	always := func(string, string) bool { return true }
	each(PersonalEmail, emailLike, always)
	each(PersonalCredit, creditLike, func(code, before string) bool {
		return creditChecks(code) || cued(before, "\u4fe1\u7528\u4ee3\u7801", "\u7a0e\u53f7")
	}) // 信用代码, 税号
	each(PersonalID, idLike, func(digits, before string) bool { return idChecks(digits) || cued(before, "\u8eab\u4efd\u8bc1") }) // 身份证
	each(PersonalCard, cardLike, func(digits, before string) bool {
		return len(digits) >= 16 && strings.IndexByte("34569", digits[0]) >= 0 && luhn(digits) || cued(before, "\u5361\u53f7", "\u8d26\u53f7", "\u5e10\u53f7", "\u94f6\u884c\u5361", "\u8d26\u6237") // 卡号, 账号, 帐号, 银行卡, 账户
	})
	each(PersonalAccount, accountLike, always)
	each(PersonalPhone, phoneLike, always)
	each(PersonalPlate, plateLike, func(plate, _ string) bool { return strings.ContainsAny(plate[len("\u4eac")+1:], "0123456789") })
	for _, m := range nameAfter.FindAllStringSubmatchIndex(plain, -1) {
		cue := plain[m[2]:m[3]]
		if cue == "业主" && trade.MatchString(plain[:m[2]]) {
			continue
		}
		if end := nameIn(plain, m[6], m[7], m[5] > m[4] || slices.Contains([]string{"我叫", "名叫", "姓名", "户名"}, cue)); end > 0 {
			put(PersonalName, m[6], end)
		}
	}
	for _, m := range nameBefore.FindAllStringSubmatchIndex(plain, -1) {
		name := []rune(plain[m[6]:m[7]])
		if end := m[6] + len(string(name[:3])); nameIn(plain, m[6], end, true) == end {
			put(PersonalName, m[6], end)
		}
	}
	slices.SortFunc(found, func(a, b Personal) int { return a.Start - b.Start })
	return found
}

// halfWidth makes full-width letters and digits ordinary ones. at tells for each byte of the result, and for its end, where it stands in the text.
func halfWidth(text string) (plain string, at []int) {
	var b strings.Builder
	for i, r := range text {
		if r >= '\uff01' && r <= '\uff5e' {
			r -= '\uff01' - '!'
		}
		for range utf8.RuneLen(r) {
			at = append(at, i)
		}
		b.WriteRune(r)
	}
	return b.String(), append(at, len(text))
}

// within reports whether a number isn't part of a longer one.
func within(text string, start, end int) bool {
	alone := func(c byte) bool { return c < '0' || c > '9' }
	return (start == 0 || alone(text[start-1]) || alone(text[start])) && (end == len(text) || alone(text[end]) || alone(text[end-1]))
}

func compact(s string) string { return strings.NewReplacer(" ", "", "-", "").Replace(s) }

// cued reports whether one of the words stands shortly before.
func cued(before string, words ...string) bool {
	near := before[max(0, len(before)-24):] // eight characters
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(near, w) })
}

// idChecks holds a number against the check character of GB 11643 and the day of birth in it. Fifteen digits have no check character.
func idChecks(id string) bool {
	if len(id) != 18 {
		return false
	}
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(id[i]-'0') * weight
	}
	month, day := id[10:12], id[12:14]
	born := id[6:10] >= "1900" && id[6:10] < "2100" && month >= "01" && month <= "12" && day >= "01" && day <= "31"
	return born && "10X98765432"[sum%11] == strings.ToUpper(id)[17]
}

// luhn holds the number of a bank card against its check digit (ISO/IEC 7812-1, annex B).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// creditChecks holds a unified social credit code against its check character (GB 32100).
func creditChecks(code string) bool {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	code = strings.ToUpper(code)
	sum, weight := 0, 1
	for i := range 17 {
		n := strings.IndexByte(alphabet, code[i])
		if n < 0 {
			return false
		}
		sum += n * weight
		weight = weight * 3 % 31
	}
	return alphabet[(31-sum%31)%31] == code[17]
}
