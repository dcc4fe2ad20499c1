"""The jobs behind the verbs: each puts rooms of the house in a row, and says what it does."""

from querencia.jobs.models import evaluate as evaluate
from querencia.jobs.models import features as features
from querencia.jobs.models import require_service as require_service
from querencia.jobs.models import score as score
from querencia.jobs.models import score_files as score_files
from querencia.jobs.models import train as train
from querencia.jobs.models import write_evaluation as write_evaluation
from querencia.jobs.people import campaigns as campaigns
from querencia.jobs.people import forget as forget
from querencia.jobs.people import judge as judge
from querencia.jobs.records import built_in as built_in
from querencia.jobs.records import carried as carried
from querencia.jobs.records import check as check
from querencia.jobs.records import has_records as has_records
from querencia.jobs.records import propose as propose
from querencia.jobs.records import update as update
from querencia.jobs.reports import REPORT_PAGE as REPORT_PAGE
from querencia.jobs.reports import indicators as indicators
from querencia.jobs.reports import keep_report as keep_report
from querencia.jobs.reports import report as report
from serving.outreach import flag as flag
from serving.outreach import send as send
