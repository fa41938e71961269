"""dudao inside a scikit-learn pipeline: which paragraphs an inspector will want to see, learnt from a few that one has marked.

python sklearn_pipeline.py
"""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from dudao.estimator import DudaoTransformer

MARKED = [
    ("财政拨款迟了两个季度才到学校账上。", 1),
    ("两所村小的危房没有拆除，孩子仍在里面上课。", 1),
    ("民办学校超计划招生四十人。", 1),
    ("教师编制缺一百二十个，靠临聘顶着。", 1),
    ("三名教师在校外有偿补课，尚未处理。", 1),
    ("食堂留样记录缺了十一天。", 1),
    ("新建公办幼儿园两所，学位够用。", 0),
    ("教师平均工资高于公务员。", 0),
    ("课后服务做到了全覆盖。", 0),
    ("县财政教育支出比上年多一千万元。", 0),
    ("骨干教师交流六十人。", 0),
    ("校园安保达到百分之百。", 0),
]


def inspector() -> GridSearchCV:
    """An unfitted search over a pipeline: the scores of all domains, then a plain classifier."""
    pipeline = Pipeline([("domains", DudaoTransformer()), ("marked", LogisticRegression(max_iter=1000))])
    return GridSearchCV(pipeline, {"marked__C": [0.1, 1.0, 10.0]}, cv=3)


if __name__ == "__main__":
    texts, marks = zip(*MARKED, strict=True)
    search = inspector().fit(list(texts), list(marks))
    print(search.best_params_, search.predict(["校车司机没有资质仍在开车。", "学校图书馆添了三千册书。"]))
