package console

import (
	"bytes"
	"mime/multipart"
	"regexp"
	"strings"
	"testing"

	"jiesu/routing"
)

// sheet is an upload of a file.
func sheet(t *testing.T, name, content string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	f, err := form.CreateFormFile("file", name)
	must(t, err)
	_, err = f.Write([]byte(content))
	must(t, err)
	must(t, form.Close())
	return form.FormDataContentType(), b.String()
}

func TestAFileIsUploadedItsColumnsChosenAndTriedBeforeItIsFiled(t *testing.T) {
	t.Parallel()
	w := start(t)
	kind, body := sheet(t, "十一月.csv", "编号,内容,电话\nA1,区里拖欠工程款,13800001234\nA2,,\n")
	a := w.upload("operator", "/console/imports", kind, body)
	path := a.Header().Get("Location")
	id := regexp.MustCompile(`[0-9A-Z]{20,}`).FindString(path)
	if a.Code != 303 || id == "" {
		t.Fatalf("%d %s", a.Code, a.body)
	}
	w.get("operator", "/console/imports").want(200, "十一月.csv", "待导入", path)
	w.get("operator", path).want(200, "共 2 行", `<option value="1" selected>内容`, "区里拖欠工程款", "试运行", "正式导入").lacks("every 1s")
	w.post("operator", path, "run", "try").want(422, "没有找到“诉求内容”一列")
	w.post("operator", path, "run", "try", "column_text", "1", "column_phone", "1").want(422, "同一列不能用于两个项目")
	w.post("operator", path, "run", "try", "column_text", "9").want(422, "指定的列不在文件里")
	w.post("operator", path, "run", "try", "column_text", "1", "column_phone", "2").to(path)
	if j := w.jobs.last(); j.Kind != routing.JobImport || j.ID != id {
		t.Errorf("%+v", j)
	}
	w.post("operator", path, "run", "file", "column_text", "1").want(409) // it is running
	wrong := &routing.InvalidError{Field: "text", Key: "error.order_empty"}
	verdicts := []routing.OrderVerdict{{WorkOrder: routing.WorkOrder{Line: 2}, Outcome: routing.OrderFiled, Case: routing.Case{State: routing.StateDispatched, Item: item, Unit: lead}},
		{WorkOrder: routing.WorkOrder{Line: 3, Cells: []string{"A2", "", ""}}, Outcome: routing.OrderWrong, Err: wrong}}
	must(t, w.desk.RecordImport(t.Context(), id, verdicts[:1], w.words))
	w.get("operator", path).want(200, "every 1s", `value="50"`, "已处理 1 行，共 2 行", "正在试运行").lacks("正式导入")
	must(t, w.desk.RecordImport(t.Context(), id, verdicts[1:], w.words))
	must(t, w.desk.EndImport(t.Context(), id, ""))
	w.get("operator", path).want(200, "试运行结果", "可登记", "没有诉求内容", "下载需要改的 1 行", "正式导入", `<option value="2" selected>电话`).lacks("every 1s")
	w.get("operator", path+"?only=wrong").want(200, "没有诉求内容").lacks(`data-line="2"`)
	w.get("operator", path+"/rejected.csv").want(200, "A2,,,诉求内容：没有诉求内容")
	w.post("operator", path, "run", "file", "column_text", "1", "column_phone", "2").to(path)
	must(t, w.desk.EndImport(t.Context(), id, "error.order_file_old"))
	w.get("operator", path).want(200, "导入没有完成", "旧版 XLS", "正式导入")
	w.post("operator", path, "run", "file", "column_text", "1").to(path)
	must(t, w.desk.EndImport(t.Context(), id, ""))
	w.get("operator", path).want(200, "已导入").lacks("正式导入")
	w.post("operator", path, "run", "file", "column_text", "1").want(409)

	// The columns are remembered for the next file of the kind.
	kind, body = sheet(t, "十二月.csv", "编号,内容,电话\nB1,区里又拖欠工程款,\n")
	w.get("operator", w.upload("operator", "/console/imports", kind, body).Header().Get("Location")).want(200, `<option value="1" selected>内容`).lacks(`<option value="2" selected>电话`)
}

func TestAFileThatIsNoneIsTurnedAwayWithWhatToDo(t *testing.T) {
	t.Parallel()
	w := start(t)
	kind, body := sheet(t, "x.pdf", "%PDF\nx")
	w.upload("operator", "/console/imports", kind, body).want(422, "读不了这个文件")
	w.upload("operator", "/console/imports", "text/plain", "x").want(422)
	kind, body = sheet(t, "x.csv", strings.Repeat("x", maxSheet))
	w.upload("operator", "/console/imports", kind, body).want(413)
	kind, body = sheet(t, "<b>.csv", "编号,内容\n<script>alert(1)</script>,x\n")
	path := w.upload("operator", "/console/imports", kind, body).Header().Get("Location")
	w.get("operator", path).want(200, "&lt;script&gt;").lacks("<script>alert", "<b>.csv")
}
