package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/glarimy/ums/shared/version"
)

const checkAdmin = "admin"

// metrics looks at what the process of ADMIN_ADDR tells: which build it is, and of the bus in it.
func (e *examination) metrics(ctx context.Context) []Finding {
	if e.Admin == "" || e.Admin == "off" {
		return []Finding{skip(checkAdmin, "no admin address is given", "give it with -admin")}
	}
	status, _, body, err := e.get(ctx, "http://"+e.Admin+"/metrics")
	if err != nil || status != http.StatusOK {
		return []Finding{skip(checkAdmin, fmt.Sprintf("no metrics at %s from here", e.Admin),
			"give the address with -admin, or look at them where they are")}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return []Finding{warn(checkAdmin, fmt.Sprintf("what %s tells are no metrics: %v", e.Admin, err),
			"is -admin that of UMS?")}
	}
	return append([]Finding{build(e.Admin, families)}, e.busMetrics(families)...)
}

func build(addr string, families map[string]*dto.MetricFamily) Finding {
	own := version.Get()
	if builds := families["ums_build_info"].GetMetric(); len(builds) > 0 {
		m := builds[0]
		running := version.Build{Version: label(m, "version"), Commit: label(m, "commit")}
		if running != own {
			return warn(checkAdmin, fmt.Sprintf("the process at %s is %s, and this program %s", addr, running, own),
				"look after a system with the program that runs it")
		}
		return ok(checkAdmin, "the process at %s is this program, %s", addr, own)
	}
	return warn(checkAdmin, fmt.Sprintf("the process at %s does not say that it is UMS", addr), "is -admin that of UMS?")
}

// busMetrics tells of a bus that cannot be asked itself.
func (e *examination) busMetrics(families map[string]*dto.MetricFamily) (list []Finding) {
	if e.EventsURL != "" {
		return nil
	}
	for _, m := range families["ums_bus_lag_seconds"].GetMetric() {
		lag := time.Duration(m.GetGauge().GetValue() * float64(time.Second))
		f := ok(checkBus, "in the process, the group %s has done all but the last %s", label(m, "group"), rounded(lag))
		if f.Status = byAge(lag, lateWarn, lateFail); f.Status != OK {
			f.Do = "read the log of the process"
		}
		list = append(list, f)
	}
	for _, m := range families["ums_bus_dead_letters"].GetMetric() {
		if n := m.GetGauge().GetValue(); n > 0 {
			list = append(list, warn(checkBus, fmt.Sprintf("in the process there are %.0f dead letters", n),
				"its log says which and why; they end with the process"))
		}
	}
	return list
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if strings.EqualFold(l.GetName(), name) {
			return l.GetValue()
		}
	}
	return ""
}
