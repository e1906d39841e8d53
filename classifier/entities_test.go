package classifier_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"jiesu/classifier"
)

func texts(list []classifier.Entity) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.Text)
	}
	return out
}

func TestAmountsAreValued(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"欠36万元":            "[36万元 360000]",
		"欠我们5,386,400.50元": "[5,386,400.50元 5.3864005e+06]",
		"欠３６万元":            "[３６万元 360000]",
		"垫了47万多":           "[47万多 470000]",
		"一共1.2亿":           "[1.2亿 1.2e+08]",
		"差三万六":             "[三万六 36000]",
		"一百九十多万的货款":        "[一百九十多万 1.9e+06]",
		"罚了五千块钱":           "[五千块钱 5000]",
		"押金2w":             "[2w 20000]",
		"先付10万元，又付2万元":     "[10万元 100000] [2万元 20000]",
		"欠我36万8":           "[36万8 368000]",
		"干了120万的活":         "[120万 1.2e+06]",
		"十万块":              "[十万块 100000]",
		// Ranges have the lower value, and the higher one beside it.
		"欠了三四万":          "[三四万 30000-40000]",
		"三五百块的事":         "[三五百块 300-500]",
		"二三十万打了水漂":       "[二三十万 200000-300000]",
		"一年十二三万":         "[十二三万 120000-130000]",
		"大概20-30万":       "[20-30万 200000-300000]",
		"20万到30万之间":      "[20万到30万 200000-300000]",
		"１０００～２０００元":     "[１０００～２０００元 1000-2000]",
		"一万五到三万的辛苦费":     "[一万五到三万 15000-30000]",
		"裁量基准是三到五万":      "[三到五万 30000-50000]",
		"百八十万的货款":        "[百八十万 800000-1e+06]",
		"一千至两千元的罚单":      "[一千至两千元 1000-2000]",
		"从1400万到3900万不等": "[1400万到3900万 1.4e+07-3.9e+07]",
		// As people say and write it.
		"3.5w没给":  "[3.5w 35000]",
		"3.5 W元":  "[3.5 W元 35000]",
		"百十来万":    "[百十来万 1e+06]",
		"千把块钱":    "[千把块钱 1000]",
		"万把块":     "[万把块 10000]",
		"几十万没了":   "[几十万 300000]",
		"好几百万的工程": "[好几百万 3e+06]",
		"数百万元":    "[数百万元 3e+06]",
		"几千块的事":   "[几千块 3000]",
		"上百万的料":   "[上百万 1e+06]",
		"将近二十万":   "[将近二十万 200000]",
		"十几万":     "[十几万 100000]",
		"4万5千的尾款": "[4万5千 45000]",
		"4万5千元":   "[4万5千元 45000]",
		"3万2000元": "[3万2000元 32000]",
		"1亿2000万": "[1亿2000万 1.2e+08]",
		"三个亿的项目":  "[三个亿 3e+08]",
		"3个亿":     "[3个亿 3e+08]",
		"半个亿":     "[半个亿 5e+07]",
		"一亿二千万":   "[一亿二千万 1.2e+08]",
		"一百二十三万四千五百六十七元": "[一百二十三万四千五百六十七元 1.234567e+06]",
		"壹佰贰拾叁万元整":       "[壹佰贰拾叁万元 1.23e+06]",
		"人民币叁万伍仟元":       "[人民币叁万伍仟元 35000]",
		"￥36,000.00":     "[￥36,000.00 36000]",
		"RMB 12000":      "[RMB 12000 12000]",
		"电费1块6一度":        "[1块6 1.6]",
		"罚款2000，第二天又来":   "[2000 2000]",
		"罚我五百":           "[五百 500]",
		"押金三千五不退":        "[三千五 3500]",
		"收我380 五金店才28":   "[380 380]",
		"八十万三月就拨到了区里":    "[八十万 800000]",
		"账上四十万被划走了":      "[四十万 400000]",
		"3万13800001234":  "[3万 30000]",
		// No sums of money.
		"千万别说是我":          "",
		"万一查下来":           "",
		"百分之百是":           "",
		"三万六千人":           "",
		"办了3个月跑了5趟":       "",
		"2000平方的厂房":       "",
		"13800001234":     "",
		"一个说法":            "",
		"单位：万元":           "",
		"罚款3次":            "",
		"欠款2019年就报了":      "",
		"100万平米的厂房":       "",
		"百分之三十五":          "",
		"电话024-22223333元": "",
		"花了三个月":           "",
	} {
		var got []string
		for _, a := range m.Classify(text).Entities.Amounts {
			value := fmt.Sprintf("%g", a.Yuan)
			if a.UpTo > 0 {
				value += fmt.Sprintf("-%g", a.UpTo)
			}
			got = append(got, fmt.Sprintf("[%s %s]", a.Text, value))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestDatesAreWrittenOut(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"2019年3月28日签的合同": "[2019年3月28日 2019-03-28]",
		"2019.3.28签的":    "[2019.3.28 2019-03-28]",
		"２０１９年３月签的":      "[２０１９年３月 2019-03]",
		"19年3月签的":        "[19年3月 2019-03]",
		"2019年签的":        "[2019年 2019]",
		"去年3月签的":         "[去年3月 ]",
		"昨天停电":           "[昨天 ]",
		"21年3月5号签的":      "[21年3月5号 2021-03-05]",
		"2021/3/5":       "[2021/3/5 2021-03-05]",
		"2021-03开工":      "[2021-03 2021-03]",
		"二〇二一年三月五日":      "[二〇二一年三月五日 2021-03-05]",
		"二零一九年十二月":       "[二零一九年十二月 2019-12]",
		"2021年底前付清":      "[2021年底 2021]",
		"2021年春节前":       "[2021年春节 2021]",
		"2020年第三季度":      "[2020年第三季度 2020]",
		"去年秋天断的电":        "[去年秋天 ]",
		"今年上半年":          "[今年上半年 ]",
		"三月二十八日":         "[三月二十八日 ]",
		"10月1日至10月7日":    "[10月1日 ] [10月7日 ]",
		"上周三来的，本周一又来":    "[上周三 ] [本周一 ]",
		"本月15日断水":        "[本月15日 ]",
		"昨晚停的":           "[昨晚 ]",
		"大前天":            "[大前天 ]",
		"拖了3年":           "",
		"电话13820190328":  "",
		"2021年13月":       "",
		"3.5号文件":         "",
	} {
		var got []string
		for _, d := range m.Classify(text).Entities.Dates {
			got = append(got, fmt.Sprintf("[%s %s]", d.Text, d.Value))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestPhonesPeopleAndEnterprisesAreFound(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for _, c := range []struct {
		text                       string
		phones, people, enterprise []string
	}{
		{text: "电话13800001234，或024-22223333", phones: []string{"13800001234", "024-22223333"}},
		{text: "电话１３８００００１２３４", phones: []string{"１３８００００１２３４"}},
		{text: "138 0000 1234", phones: []string{"138 0000 1234"}},
		{text: "打+8613800001234", phones: []string{"+8613800001234"}},
		{text: "(024)22223333", phones: []string{"(024)22223333"}},
		{text: "024 2222 3333", phones: []string{"024 2222 3333"}},
		{text: "024-2222-3333", phones: []string{"024-2222-3333"}},
		{text: "（０２４）２２２２３３３３", phones: []string{"（０２４）２２２２３３３３"}},
		{text: "座机：2222-3333", phones: []string{"2222-3333"}},
		{text: "联系电话88886666", phones: []string{"88886666"}},
		{text: "0411-82345678转801", phones: []string{"0411-82345678"}},
		{text: "400-123-4567", phones: []string{"400-123-4567"}},
		{text: "13800001234/13900005678", phones: []string{"13800001234", "13900005678"}},
		{text: "身份证210102199001011234，少一位1380000123，热线12345"},
		{text: "面积22223333平"},
		{text: "中铁九局集团有限公司拖着不结", enterprise: []string{"中铁九局集团有限公司"}},
		{text: "来电人是沈阳鑫达汽车修理厂", enterprise: []string{"沈阳鑫达汽车修理厂"}},
		{text: "沈阳盛京大药房连锁有限公司和法库县丰收农机合作社", enterprise: []string{"沈阳盛京大药房连锁有限公司", "法库县丰收农机合作社"}},
		{text: "街坊十一家铸造厂，问为何不查印刷厂"},
		{text: "账号6222138000012345678"},
		{text: "联系人：王建国，请回电", people: []string{"王建国"}},
		{text: "我姓李", people: []string{"李"}},
		{text: "我叫的外卖还没到"},
		{text: "我是沈阳宏达建材有限公司的", enterprise: []string{"沈阳宏达建材有限公司"}},
		{text: "供电公司不来人"},
	} {
		e := m.Classify(c.text).Entities
		for kind, pair := range map[string][2][]string{"phones": {texts(e.Phones), c.phones}, "people": {texts(e.People), c.people}, "enterprise": {texts(e.Enterprise), c.enterprise}} {
			if !slices.Equal(pair[0], pair[1]) {
				t.Errorf("%s: %s %v, want %v", c.text, kind, pair[0], pair[1])
			}
		}
	}
}

func TestOfficesAreKnownByWhatPeopleCallThem(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"工商说要现场看，国土不给盖章":      "[工商 market-regulation] [国土 natural-resources]",
		"电业局停电，供电所没人接":        "[电业局 power] [供电所 power]",
		"自来水公司非让用他们的水表":       "[自来水公司 water-group]",
		"税务大厅排队，国税地税都推":       "[税务大厅 tax] [国税 tax] [地税 tax]",
		"社保局和劳动局来回推":          "[社保局 human-resources] [劳动局 human-resources]",
		"房产局、房管局、规划局":         "[房产局 housing] [房管局 housing] [规划局 natural-resources]",
		"城管和交警，还有派出所":         "[城管 urban-management] [交警 police] [派出所 police]",
		"环保局罚款，文化局、农业局、畜牧局都来": "[环保局 ecology] [文化局 culture-tourism] [农业局 agriculture] [畜牧局 agriculture]",
		"鐵西區供電所":              "[供電所 power]",
		"工\u200b商局的人":         "[工\u200b商局 market-regulation]",
		"市场所扣货，市场局不给说法":       "[市场所 market-regulation] [市场局 market-regulation]",
		"去政务大厅，又去公积金中心":       "[政务大厅 business-environment] [公积金中心 business-environment]",
		"不动产窗口排队":             "[不动产窗口 natural-resources]",
		"税源科不放，税务机关不管":        "[税源科 tax] [税务机关 tax]",
		"招商局请我们来的":            "[招商局 commerce]",
		"交通执法队扣车，行政执法队掀摊":     "[交通执法队 transport] [行政执法队 urban-management]",
		"水司的人说得用他家水表":         "[水司 water-group]",
		"国网沈阳供电公司":            "[国网沈阳供电公司 power]",
		"人才中心存的档案，就业局不认":      "[人才中心 human-resources] [就业局 human-resources]",
		"供热办让找房产大厅":           "[供热办 housing] [房产大厅 housing]",
		"公安机关和检察机关":           "[公安机关 police] [检察机关 procuratorate]",
		// No offices.
		"我是个体工商户":        "",
		"在工商银行贷款，办了税务登记": "",
		"找税务师事务所":        "",
		"卫生局不管":          "", // leads nothing in the plan
		"停电三天":           "",
		"沈阳国网电力工程有限公司":   "", // a company's name
	} {
		var got []string
		for _, o := range m.Classify(text).Entities.Offices {
			got = append(got, fmt.Sprintf("[%s %s]", o.Text, o.Unit))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestOfficesOfTheTableAreUnitsOfThePlan(t *testing.T) {
	t.Parallel()
	tax, m := taxonomy(t), embedded(t)
	table, err := os.ReadFile("data/offices.tsv")
	if err != nil {
		t.Fatal(err)
	}
	leads, seen := map[string]bool{}, map[string]string{}
	for _, c := range tax.Categories {
		for _, unit := range c.Leads {
			leads[unit] = true
		}
	}
	for line := range strings.Lines(string(table)) {
		unit, names, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if unit != "-" && !leads[unit] {
			t.Errorf("%s leads nothing", unit)
		}
		for name := range strings.FieldsSeq(names) {
			if before, again := seen[name]; again {
				t.Errorf("%s is of %s and of %s", name, before, unit)
			}
			seen[name] = unit
			found := m.Classify("反映，" + name + "。").Entities.Offices
			if unit == "-" && len(found) > 0 || unit != "-" && (len(found) != 1 || found[0].Unit != unit || found[0].Text != name) {
				t.Errorf("%s of %s: found %v", name, unit, found)
			}
		}
		delete(leads, unit)
	}
	for unit := range leads {
		t.Errorf("%s has no name", unit)
	}
}

func TestDurationsAreCountedInDays(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"拖了三个月":      "[三个月 90]",
		"半年没给":       "[半年 182]",
		"欠了两年多":      "[两年多 730]",
		"等了40天":      "[40天 40]",
		"等了４０多天":     "[４０多天 40]",
		"快一年了":       "[一年 365]",
		"一年半了":       "[一年半 547]",
		"三个半月没动静":    "[三个半月 105]",
		"半个月":        "[半个月 15]",
		"两三年没人管":     "[两三年 730]",
		"十几天":        "[十几天 10]",
		"停了两周":       "[两周 14]",
		"等了3个星期":     "[3个星期 21]",
		"一年零两个月":     "[一年零两个月 425]",
		"1年3个月没批":    "[1年3个月 455]",
		"干了19年":      "[19年 6935]",
		"二〇一九年签，拖三年": "[三年 1095]",
		"两个多月了":      "[两个多月 60]",
		"三个来月":       "[三个来月 90]",
		"一个多礼拜":      "[一个多礼拜 7]",
		"俩月了":        "[俩月 60]",
		"仨礼拜没信":      "[仨礼拜 21]",
		"好几个月":       "[好几个月 90]",
		"都几年了":       "[几年 1095]",
		"两个季度过去":     "[两个季度 182]",
		"等了15个工作日":   "[15个工作日 15]",
		"停了48小时":     "[48小时 2]",
		"停电36个小时":    "[36个小时 1]",
		"10多年":       "[10多年 3650]",
		// How often, by when, since when.
		"第三天": "", "三天内答复": "", "一年一审": "", "一个月两回": "", "每年两次": "", "下半年": "", "两天后": "",
		"19年签的": "", "08年签的": "", "2019年": "", "二〇一二年": "", "七十年代": "", "停了两个小时": "", "这几年": "", "限15个工作日办结": "", "一年到头": "", "过几天": "", "五周岁": "", "半天": "", "三月": "", "9999年": "",
	} {
		var got []string
		for _, d := range m.Classify(text).Entities.Durations {
			got = append(got, fmt.Sprintf("[%s %d]", d.Text, d.Days))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestNumbersOfEarlierOrdersAreFound(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string][]string{
		"上次的JS20210430-000123没解决":           {"JS20210430-000123"},
		"ｊｓ２０２１０４３０－０００１２３":                 {"ｊｓ２０２１０４３０－０００１２３"},
		"工单号：2021043000017，到现在没人管":          {"2021043000017"},
		"受理编号为SY2021-00412":                 {"SY2021-00412"},
		"编号 20210430117，和JS20210501-000002": {"20210430117", "JS20210501-000002"},
		"投诉单号 SY-2021-00412":                {"SY-2021-00412"},
		"我的编号是：2021043000017":               {"2021043000017"},
		"12345热线编号20210430，再查":              {"20210430"},
		"信访件号XF2021043001":                  {"XF2021043001"},
		"流水号20210430000017":                 {"20210430000017"},
		// Numbers of other things.
		"订单号2021043000017":    nil,
		"快递单号SF1234567890123": nil,
		"项目编号20210430117":     nil,
		"合同编号20210430117":     nil,
		"工单号末四位7731":          nil,
		"JS20210430-0001234":  nil,
		"XJS20210430-000123x": {"JS20210430-000123"},
		"工单号没给我":              nil,
	} {
		if got := texts(m.Classify(text).Entities.Orders); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// People speak of companies that have no name yet, or of companies as such.
func TestAWishIsNoCompany(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for _, text := range []string{"我想注册个公司，窗口让我来回跑", "想咨询一下注册公司", "打算开个公司", "他们公司不给钱", "一个公司三个章"} {
		if got := m.Classify(text).Entities.Enterprise; len(got) > 0 {
			t.Errorf("%s: %v", text, texts(got))
		}
	}
}

func TestDistrictIsThatOfTheMatter(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"铁西区城管乱罚款":     "铁西区",
		"铁西城管乱罚款":      "铁西区",
		"沈北的管委会不兑现":    "沈北新区",
		"新民的税务局":       "新民市",
		"康平街道欠款":       "康平县",
		"瀋陽市鐵西區停電":     "铁西区",
		"停电三天没人修":      "",
		"和平区和沈河区都不管":   "",
		"世界和平":         "",
		"民营企业家创新民营经济":  "",
		"和平大街的饭店":      "",
		"大连市的和平年代":     "",
		"康平镇上的卫生院欠我货款": "康平县",
		"新民营商局不给盖章":    "新民市",
		"新民房产局拖着不办":    "新民市",
		"于洪水务局收费不给票":   "于洪区",
		// Old names.
		"东陵区税务所让我跑三趟": "浑南区",
		"新城子区欠的工程款":   "沈北新区",
		"辽中县交通局罚款":    "辽中区",
		// New towns and zones are called after their district.
		"浑南新区管委会不兑现": "浑南区",
		"浑南高新区的园区停电": "浑南区",
		"沈北新城的路没修":   "沈北新区",
		// Named alone, and of a firm: the matter is nowhere else.
		"公司注册在皇姑区，抖店被职业打假的盯上了": "皇姑区",
		"大东那边汽配厂二期，验收卡着":       "大东区",
		"沈阳市于洪区宏达建材有限公司反映停电":   "于洪区",
		"于洪住建让我比选三家":           "于洪区",
		// Moves: whoever holds the firm back.
		"想从大东迁到浑南，大东税务不给办":           "大东区",
		"公司从皇姑迁浑南，迁出窗口说先找专管员谈话":      "皇姑区",
		"想把照挪到浑南去，皇姑说得先查三年的账才放人":     "皇姑区",
		"公司注册在沈河，去年申请迁到于洪。税务要查两年账才放": "沈河区",
		"公司注册在和平区，厂子在于洪被围挡挡住":        "于洪区",
		// Comparisons: whoever is blamed, or nobody.
		"同样的屋顶光伏，于洪三天给号，铁西要五样附件":      "铁西区",
		"我在沈河过户一天就下来了，到了新民非说格式不行":     "新民市",
		"两个店一个会计，浑南税务按季报就行，新民这边非让月月报": "新民市",
		"我们在铁西、和平、沈河都有店，通行证批不下来":      "",
		// Denied, and asked.
		"店在三好街，不在和平区":    "",
		"不是和平区，是铁西区的地":   "铁西区",
		"这事是不是归铁西区管，没人说": "铁西区",
		// Other cities.
		"鞍山铁西区的客户不给钱":         "",
		"鞍山市铁西税务局不给开票":        "",
		"我在天津和平区开店，和平那边的城管罚我": "",
		"四平的铁西区招商不兑现":         "",
		"从鞍山搬到铁西区，管委会答应的路没修":  "铁西区",
		"鞍山客户的货，卡在沈阳铁西区的检查站":  "铁西区",
		"给上海、大连供货，于洪区的车没有通行证": "于洪区",
	} {
		if got := m.District(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if got := m.Classify(text).District; got != want {
			t.Errorf("%s: Classify says %q, want %q", text, got, want)
		}
	}
}

// A long letter has a title, a body that names others, a demand and a signature.
func TestDistrictOfALongLetter(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	filler := strings.Repeat("材料递了三遍，窗口每次换一个说法，我们按要求改了又改。", 8)
	for text, want := range map[string]string{
		"关于苏家屯区某窗口要求重复提交材料的反映\n" + filler + "同样的业务在和平，手机拍照上传就行。" + filler + "请市里给个统一的标准。": "苏家屯区",
		"尊敬的领导：\n我公司在法库县建厂，" + filler + "法库县自然资源局至今不批。听说辽中有人当天就办完了。\n此致 敬礼":               "法库县",
		filler + "我去市里开会，会场在沈河，也没人答复。" + filler + "请皇姑区税务局把迁出手续办了。\n皇姑区某公司 2021年5月":       "皇姑区",
		"来信人家在于洪，在大东上班。" + filler + "大东区住建局不给验收，我们每天都在损失。":                                "大东区",
		filler: "",
	} {
		if got := m.District(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestPlaceIsAHintAndNoDistrict(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]string{
		"中街和铁西广场的门市被围挡挡住":  "[中街 沈河区] [铁西广场 铁西区]",
		"西塔一家饭店停业":         "[西塔 和平区]",
		"北行农贸市场收费":         "[北行农贸市场 皇姑区]",
		"胡台鎮的廠子停電":         "[胡台鎮 新民市]",
		"新民屯镇修路欠款":         "[新民屯镇 辽中区]",
		"法库和平乡的合作社":        "[和平乡 法库县]",
		"青年大街上的围挡":         "[青年大街 ]", // through several districts
		"新民街的店":            "[新民街 ]",  // called after a district, and anywhere
		"东北行业协会收费，道义上说不过去": "",        // no 北行, no 道义
		"停电三天":             "",
	} {
		r := m.Classify(text)
		var got []string
		for _, h := range r.Entities.PlaceHints {
			got = append(got, fmt.Sprintf("[%s %s]", h.Text, h.District))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
		if wantDistrict := map[bool]string{true: "法库县"}[strings.HasPrefix(text, "法库")]; r.District != wantDistrict {
			t.Errorf("%s: district %q", text, r.District)
		}
	}
}

func TestTextThatSaysNothingIsThin(t *testing.T) {
	t.Parallel()
	m := embedded(t)
	for text, want := range map[string]bool{
		"": true, "你好": true, "在吗？？？": true, "我要投诉": true, "😡😡😡": true, "123456": true, "领导您好，请问有人在吗，我要投诉反映一个问题": true,
		"停电三天没人修": false, "街道欠我们工程款": false, "请问怎么办营业执照": false,
	} {
		if got := classifier.Thin(text, m.Classify(text)); got != want {
			t.Errorf("%q is thin: %v, want %v", text, got, want)
		}
	}
}
