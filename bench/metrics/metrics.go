// Package metrics measures detection against labels the way the field does:
// ROC AUC, average precision, card precision at k, recall at a false-positive
// rate, and money.
package metrics

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strconv"
)

// Scored is one labelled transaction with its score; higher is riskier.
type Scored struct {
	Score    float64
	Fraud    bool
	Customer uint64 // any stable number of the customer
	Day      int64  // days since 1970, UTC
	Amount   int64  // minor units
	Blocked  bool   // declined or challenged
}

// Report is what a replay prints and writes with --json. Rates without
// frauds or without genuine transactions are NaN.
type Report struct {
	Transactions     int   `json:"transactions"`
	Frauds           int   `json:"frauds"`
	AUC              Rate  `json:"roc_auc"`
	AveragePrecision Rate  `json:"average_precision"`
	CardPrecision100 Rate  `json:"card_precision_at_100"`
	RecallAtFPR001   Rate  `json:"recall_at_fpr_0_001"`
	RecallAtFPR01    Rate  `json:"recall_at_fpr_0_01"`
	FraudAmount      int64 `json:"fraud_amount_minor"`
	CaughtAmount     int64 `json:"caught_amount_minor"`
	MistakenAmount   int64 `json:"blocked_by_mistake_amount_minor"`
	Caught           int   `json:"caught"`
	Mistaken         int   `json:"blocked_by_mistake"`
}

// Rate is a share that may not exist: NaN, and null in JSON.
type Rate float64

func (r Rate) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(r)) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(r), 'g', -1, 64), nil
}

// Measure makes the report. It sorts rows.
func Measure(rows []Scored) Report {
	r := Report{Transactions: len(rows)}
	for _, s := range rows {
		if s.Fraud {
			r.Frauds++
			r.FraudAmount += s.Amount
		}
		switch {
		case s.Blocked && s.Fraud:
			r.Caught++
			r.CaughtAmount += s.Amount
		case s.Blocked:
			r.Mistaken++
			r.MistakenAmount += s.Amount
		}
	}
	r.CardPrecision100 = Rate(CardPrecision(rows, 100))
	slices.SortFunc(rows, func(a, b Scored) int { return cmp.Compare(b.Score, a.Score) }) // ties count together
	c := newCurve(rows)
	r.AUC, r.AveragePrecision = Rate(c.auc()), Rate(c.averagePrecision())
	r.RecallAtFPR001, r.RecallAtFPR01 = Rate(c.recallAt(0.001)), Rate(c.recallAt(0.01))
	return r
}

// curve counts true and false positives at each distinct threshold, from the
// highest score down.
type curve struct {
	tp, fp   []float64
	pos, neg float64
}

func newCurve(sorted []Scored) curve {
	var c curve
	for i, s := range sorted {
		if s.Fraud {
			c.pos++
		} else {
			c.neg++
		}
		if i+1 == len(sorted) || sorted[i+1].Score != s.Score {
			c.tp, c.fp = append(c.tp, c.pos), append(c.fp, c.neg)
		}
	}
	return c
}

// auc is the area under the ROC curve by the trapezoidal rule, so ties count half.
func (c curve) auc() float64 {
	area, tp, fp := 0.0, 0.0, 0.0
	for i := range c.tp {
		area += (c.fp[i] - fp) * (c.tp[i] + tp) / 2
		tp, fp = c.tp[i], c.fp[i]
	}
	return area / (c.pos * c.neg)
}

// averagePrecision is the sum over thresholds of (recall step) x precision.
func (c curve) averagePrecision() float64 {
	if c.pos == 0 {
		return math.NaN()
	}
	sum, tp := 0.0, 0.0
	for i := range c.tp {
		sum += (c.tp[i] - tp) / c.pos * c.tp[i] / (c.tp[i] + c.fp[i])
		tp = c.tp[i]
	}
	return sum
}

// recallAt is the highest recall of a threshold whose false-positive rate is at most fpr.
func (c curve) recallAt(fpr float64) float64 {
	if c.pos == 0 || c.neg == 0 {
		return math.NaN()
	}
	best := 0.0
	for i := range c.tp {
		if c.fp[i]/c.neg <= fpr {
			best = c.tp[i] / c.pos
		}
	}
	return best
}

// CardPrecision is the mean over days of the share of frauds among the k
// customers with the highest maximum score of the day; customers found on
// one day are left out on later days.
func CardPrecision(rows []Scored, k int) float64 {
	type card struct {
		score float64
		fraud bool
	}
	days := map[int64]map[uint64]card{}
	for _, s := range rows {
		day := days[s.Day]
		if day == nil {
			day = map[uint64]card{}
			days[s.Day] = day
		}
		c, seen := day[s.Customer]
		if !seen || s.Score > c.score {
			c.score = s.Score
		}
		c.fraud = c.fraud || s.Fraud
		day[s.Customer] = c
	}
	order := make([]int64, 0, len(days))
	for day := range days {
		order = append(order, day)
	}
	sort.Slice(order, func(i, j int) bool { return order[i] < order[j] })
	found := map[uint64]bool{}
	sum := 0.0
	for _, day := range order {
		type ranked struct {
			customer uint64
			card
		}
		var list []ranked
		for customer, c := range days[day] {
			if !found[customer] {
				list = append(list, ranked{customer, c})
			}
		}
		sort.Slice(list, func(i, j int) bool {
			if list[i].score != list[j].score {
				return list[i].score > list[j].score
			}
			return list[i].customer < list[j].customer
		})
		hits := 0
		for _, c := range list[:min(k, len(list))] {
			if c.fraud {
				hits++
				found[c.customer] = true
			}
		}
		sum += float64(hits) / float64(k)
	}
	return sum / float64(len(days))
}
