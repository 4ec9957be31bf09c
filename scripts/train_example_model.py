"""Trains the example's model: gradient-boosted trees on features that a replay wrote."""

import csv
import gzip
import json
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

# In the order of the manifest's features.
COLUMNS = """
customer_tx_count_2m customer_tx_count_1h customer_tx_count_24h customer_tx_count_7d
customer_amount_sum_1h customer_amount_sum_24h customer_amount_avg_30d customer_history_30d
customer_amount_ratio_30d customer_amount_z_30d customer_since_last travel_km travel_kmh
country_travel_km customer_countries_24h customer_merchants_1h customer_merchants_24h
customer_new_device_30d customer_new_country_30d customer_new_merchant_30d customer_device_count_30d
customer_ecom_count_24h customer_small_count_1h device_tx_count_1h device_customers_24h
ip_tx_count_1h merchant_small_count_1h merchant_amount_avg_7d customer_failed_logins_1h at_night
""".split()


def number(text):
    if text == "":
        return np.nan
    return {"true": 1.0, "false": 0.0}.get(text) if text in ("true", "false") else float(text)


def main(features, labels, output):
    with gzip.open(labels, "rt") as f:
        fraud = {label["transaction_id"]: label["fraud"] for label in map(json.loads, f)}
    with gzip.open(features, "rt", newline="") as f:
        rows = csv.reader(f)
        place = {name: i for i, name in enumerate(next(rows))}
        wanted = [place[name] for name in COLUMNS]
        x, y = [], []
        for row in rows:
            x.append([number(row[i]) for i in wanted])
            y.append(fraud[row[0]])
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.int64)
    # In time: the first tenth only fills histories, the last fifth tests.
    begin, split = len(x) // 10, len(x) * 4 // 5
    model = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=15, learning_rate=0.1, l2_regularization=1.0, early_stopping=False, random_state=1
    )
    model.fit(x[begin:split], y[begin:split])
    p = model.predict_proba(x[split:])[:, 1]
    print(f"{split - begin} rows to learn, {len(x) - split} to test: "
          f"ROC AUC {roc_auc_score(y[split:], p):.4f}, average precision {average_precision_score(y[split:], p):.4f}")
    graph = to_onnx(model, x[:1], options={id(model): {"zipmap": False}}, target_opset={"": 15, "ai.onnx.ml": 3})
    with open(output, "wb") as f:
        f.write(graph.SerializeToString())


main(*sys.argv[1:])
