package metrics

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"testing"
	"time"
)

// Definitions by counting pairs and thresholds, the slow way.
func TestMeasureAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for round := range 50 {
		rows := make([]Scored, 200)
		for i := range rows {
			rows[i] = Scored{Score: float64(rng.Intn(30)), Fraud: rng.Intn(5) == 0, Customer: uint64(rng.Intn(40)), Day: int64(rng.Intn(3))}
		}
		var pairs, won float64
		for _, a := range rows {
			for _, b := range rows {
				if a.Fraud && !b.Fraud {
					pairs++
					switch {
					case a.Score > b.Score:
						won++
					case a.Score == b.Score:
						won += 0.5
					}
				}
			}
		}
		got := Measure(rows)
		if math.Abs(float64(got.AUC)-won/pairs) > 1e-12 {
			t.Fatalf("round %d: AUC %v, by counting pairs %v", round, got.AUC, won/pairs)
		}
		recall := 0.0
		for threshold := range 30 {
			var tp, fp, p, n float64
			for _, s := range rows {
				hit := s.Score >= float64(threshold)
				switch {
				case s.Fraud && hit:
					tp, p = tp+1, p+1
				case s.Fraud:
					p++
				case hit:
					fp, n = fp+1, n+1
				default:
					n++
				}
			}
			if fp/n <= 0.01 {
				recall = max(recall, tp/p)
			}
		}
		if float64(got.RecallAtFPR01) != recall {
			t.Fatalf("round %d: recall %v, by thresholds %v", round, got.RecallAtFPR01, recall)
		}
	}
}

// The handbook's published protocol: predictions and what they measure.
func TestHandbookPredictions(t *testing.T) {
	dir := os.Getenv("TIDEGATE_DATA")
	if dir == "" {
		t.Log("TIDEGATE_DATA is not set: the handbook's predictions are not read; TestMeasureAgainstDefinition stands alone")
		return
	}
	rows, want := handbook(t, filepath.Join(dir, "handbook"))
	got := Measure(rows)
	t.Logf("%d predictions: %+v", len(rows), got)
	for name, v := range map[string][2]float64{"auc": {float64(got.AUC), want["auc"]}, "ap": {float64(got.AveragePrecision), want["ap"]}, "cp100": {float64(got.CardPrecision100), want["cp100"]}} {
		if math.Abs(v[0]-v[1]) > 0.0015 {
			t.Errorf("%s: got %.4f, published %.3f", name, v[0], v[1])
		}
	}
}

func handbook(t *testing.T, dir string) ([]Scored, map[string]float64) {
	predictions := records(t, filepath.Join(dir, "models", "predictions_main_split.csv.gz"))
	byID := map[string][]string{}
	ids := map[string]bool{}
	for _, p := range predictions[1:] {
		ids[p[0]] = true
	}
	for _, tx := range records(t, filepath.Join(dir, "transactions.csv.gz"))[1:] {
		if ids[tx[0]] {
			byID[tx[0]] = tx
		}
	}
	column := sort.SearchStrings(nil, "")
	for i, name := range predictions[0] {
		if name == "logistic_regression" || name == "prediction" || name == "score" || name == "probability" {
			column = i
		}
	}
	if column == 0 {
		column = len(predictions[0]) - 1
	}
	var rows []Scored
	for _, p := range predictions[1:] {
		tx := byID[p[0]]
		score, err := strconv.ParseFloat(p[column], 64)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, tx[1])
		if err != nil {
			t.Fatal(err)
		}
		customer, _ := strconv.ParseUint(tx[2], 10, 64)
		rows = append(rows, Scored{Score: score, Fraud: tx[5] == "1", Customer: customer, Day: at.Unix() / 86400})
	}
	// Published for the logistic regression on this split.
	return rows, map[string]float64{"auc": .871, "ap": .606, "cp100": .291}
}

func records(t *testing.T, name string) [][]string {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	b, err = io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestReportIsJSON(t *testing.T) {
	if _, err := json.Marshal(Measure([]Scored{{Score: 1, Fraud: true}, {Score: 0}})); err != nil {
		t.Fatal(err)
	}
}
