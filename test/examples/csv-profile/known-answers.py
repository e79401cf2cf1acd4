"""Writes known-answers.json: facts about CSV files, by Python's own csv and statistics modules.

    python3 test/examples/csv-profile/known-answers.py node_modules/vega-datasets/data
"""
import csv
import json
import pathlib
import statistics
import sys

FILES = ['airports.csv', 'gapminder-health-income.csv', 'seattle-weather.csv', 'birdstrikes.csv', 'zipcodes.csv']
NULLS = {'', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL'}
NUMERIC = {
    'airports.csv': ['latitude', 'longitude'],
    'gapminder-health-income.csv': ['income', 'health', 'population'],
    'seattle-weather.csv': ['precipitation', 'temp_max', 'temp_min', 'wind'],
    'birdstrikes.csv': ['Cost Other', 'Cost Repair', 'Cost Total $', 'Speed IAS in knots'],
    'zipcodes.csv': ['latitude', 'longitude'],
}


def facts(name, column, texts):
    values = [text for text in texts if text not in NULLS]
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]
    found = {
        'name': column,
        'nulls': len(texts) - len(values),
        'distinct': len(counts),
        'top': [{'value': value, 'count': count} for value, count in top],
    }
    if column in NUMERIC[name]:
        numbers = [float(value) for value in values]
        found |= {
            'min': min(numbers),
            'max': max(numbers),
            'mean': statistics.fmean(numbers),
            'standardDeviation': statistics.stdev(numbers),
        }
    elif values:
        found |= {'min': min(values), 'max': max(values)}
    return found


def profile(folder, name):
    with open(folder / name, newline='', encoding='utf-8-sig') as file:
        header, *rows = csv.reader(file)
    columns = [facts(name, column, [row[i] for row in rows]) for i, column in enumerate(header)]
    return {'rows': len(rows), 'columns': columns}


folder = pathlib.Path(sys.argv[1])
answers = {name: profile(folder, name) for name in FILES}
text = json.dumps(answers, indent=2, ensure_ascii=False)
pathlib.Path(__file__).with_suffix('.json').write_text(text + '\n', encoding='utf-8')
