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
# A new namespace is known to every part of the server a few seconds later.
tries=0
until known=$(temporal operator search-attribute list --namespace "$namespace" 2>/dev/null); do
  tries=$((tries + 1))
  [ "$tries" -le 60 ] || { echo "the namespace $namespace does not answer" >&2; exit 1; }
  sleep 1
done
for attribute in SutureRepo=Keyword SutureSubject=Keyword SutureState=Keyword SutureOutcome=Keyword SutureReason=Keyword SutureClass=Keyword SutureAttempt=Int; do
  name=${attribute%=*}
  echo "$known" | grep -qw "$name" || temporal operator search-attribute create --namespace "$namespace" --name "$name" --type "${attribute#*=}"
done
