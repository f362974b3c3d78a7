#!/bin/sh
# Creates the namespace and the search attributes that Suture uses; safe to repeat.
set -eu
namespace=${SUTURE_TEMPORAL_NAMESPACE:-default}
tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -le 120 ] || { echo "no Temporal server answers at $TEMPORAL_ADDRESS" >&2; exit 1; }
  sleep 1
done
temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 || temporal operator namespace create --namespace "$namespace" --retention 30d
for attribute in SutureRepo=Keyword SutureSubject=Keyword SutureState=Keyword SutureOutcome=Keyword SutureReason=Keyword SutureClass=Keyword SutureAttempt=Int; do
  temporal operator search-attribute create --namespace "$namespace" --name "${attribute%=*}" --type "${attribute#*=}" || true
done
