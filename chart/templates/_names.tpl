{{/* Name of the namespaced objects: the release's, with the chart's where that says something more. */}}
{{- define "headgate.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Name of the objects that belong to no namespace: two releases of one name in two namespaces must not share them. */}}
{{- define "headgate.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "headgate.name" .) -}}
{{- end -}}

{{/* The same where the API server takes no colon. */}}
{{- define "headgate.policyName" -}}
{{- printf "%s.%s.approvals" .Release.Namespace (include "headgate.name" .) -}}
{{- end -}}

{{- define "headgate.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "headgate.labels" -}}
{{ include "headgate.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "headgate.image" -}}
{{- $image := .Values.image -}}
{{- $tag := $image.tag | default (ternary "" .Chart.AppVersion (ne $image.digest "")) -}}
{{- required "image.repository: say where the image of Headgate is; scripts/image.ts makes and pushes one" $image.repository -}}
{{- with $tag }}:{{ . }}{{ end -}}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* Name of the ServiceAccount of the pods. */}}
{{- define "headgate.account" -}}
{{- .Values.serviceAccount.name | default (include "headgate.name" .) -}}
{{- end -}}

{{/* Values that contradict each other. */}}
{{- define "headgate.check" -}}
{{- if and (not .Values.clusterObjects) (not .Values.watchNamespaces) -}}
{{- fail "clusterObjects: false needs watchNamespaces: rights on the whole cluster are an object of the cluster" -}}
{{- end -}}
{{- if .Values.gitOnly -}}
{{- range $name := list "helmReleases" "manifests" "backups" "subscriptions" -}}
{{- if index $.Values $name -}}
{{- fail (printf "gitOnly: %s would change the cluster; set one of them to false" $name) -}}
{{- end -}}
{{- end -}}
{{- if .Values.fleetLock.enabled -}}
{{- fail "gitOnly: fleetLock.enabled would hold nodes in the cluster; set one of them to false" -}}
{{- end -}}
{{- end -}}
{{- if .Values.drills -}}
{{- if not .Values.backups -}}
{{- fail "drills needs backups: what is tried is a checkpoint" -}}
{{- end -}}
{{- if .Values.watchNamespaces -}}
{{- fail "drills makes namespaces, which is a right on the whole cluster; leave watchNamespaces empty, or set drills: false" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.hub.scratch (or .Values.watchNamespaces .Values.gitOnly) -}}
{{- fail "hub.scratch: namespaces that are made and removed take the whole cluster; leave out watchNamespaces and gitOnly" -}}
{{- end -}}
{{- if and .Values.veleroNamespace (not .Values.backups) -}}
{{- fail "veleroNamespace: Velero is only asked for spec.backup; set backups: true too" -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor .Values.monitoring.podMonitor -}}
{{- fail "monitoring: serviceMonitor and podMonitor would scrape every pod twice; set one of them to false" -}}
{{- end -}}
{{- end -}}

{{/* Whose annotations are followed. */}}
{{- define "headgate.adopted" -}}
{{- ternary (list "none") (.Values.adopt | default (list "none")) .Values.gitOnly | join "," -}}
{{- end -}}

{{/* The right to act as the ServiceAccounts that Apps name. */}}
{{- define "headgate.impersonation" -}}
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [impersonate]
  {{- with .Values.impersonate }}
  resourceNames: {{ toJson . }}
  {{- end }}
{{- end -}}

{{/* What the pods of Helm's hooks may: nothing. */}}
{{- define "headgate.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "headgate.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* What the controller does to the Apps and workloads that it looks after. Nothing else: no wildcard, no write to a Secret. */}}
{{- define "headgate.rules" -}}
- apiGroups: [headgate.dev]
  resources: [apps]
  verbs: [get, list, watch]
{{- if and .Values.adopt (not .Values.gitOnly) }}
# Apps of workloads with annotations of the systems that are adopted.
- apiGroups: [headgate.dev]
  resources: [apps]
  verbs: [create, patch, delete]
{{- end }}
{{- if .Values.webhooks.keelApprovals.usersSecret }}
# PUT /v1/approvals sets how many people have to approve.
- apiGroups: [headgate.dev]
  resources: [apps]
  verbs: [patch]
{{- end }}
- apiGroups: [headgate.dev]
  resources: [apps/status, updates/status]
  verbs: [update]
- apiGroups: [headgate.dev]
  resources: [channels, releases, subscriptions]
  verbs: [list, watch]
# Releases of what a Channel has tried.
- apiGroups: [headgate.dev]
  resources: [releases]
  verbs: [create]
- apiGroups: [headgate.dev]
  resources: [channels/status, releases/status, subscriptions/status]
  verbs: [update]
{{- if .Values.subscriptions }}
# Apps of Subscriptions, and the ConfigMaps with what was verified of their channels.
- apiGroups: [headgate.dev]
  resources: [apps]
  verbs: [create, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, patch]
# The key that a Subscription with spec.report signs with.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end }}
{{- if .Values.hub.enabled }}
# Releases of Channels, and the ConfigMaps with what clusters reported of them.
- apiGroups: [headgate.dev]
  resources: [releases]
  verbs: [create]
- apiGroups: [headgate.dev]
  resources: [channels]
  verbs: [get]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch]
{{- end }}
# Read by itself before anything of it is undone: a watched copy may be old.
- apiGroups: [headgate.dev]
  resources: [updates]
  verbs: [get, list, watch, create, delete]
{{- if and .Values.webhooks.enabled .Values.webhooks.keelApprovals.usersSecret }}
# Votes by the API of Keel, and what is not to be shown there.
- apiGroups: [headgate.dev]
  resources: [updates]
  verbs: [approve, patch]
{{- end }}
{{- if .Values.api.enabled }}
# What people do by the API, after they were asked for their rights: holds are annotations of Apps.
- apiGroups: [headgate.dev]
  resources: [apps]
  verbs: [patch]
- apiGroups: [headgate.dev]
  resources: [rejections]
  verbs: [delete]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end }}
- apiGroups: [headgate.dev]
  resources: [rejections]
  verbs: [list, watch, create, patch]
{{- $write := ternary "" ", patch" .Values.gitOnly }}
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, watch{{ $write }}]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch{{ $write }}]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- if not .Values.gitOnly }}
# Pods of a version that was given up, which a StatefulSet would wait for and never replace.
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
{{- end }}
# Registry credentials, certificates and public keys that Apps name, and what the kubelet takes for their workloads.
- apiGroups: [""]
  resources: [secrets, serviceaccounts]
  verbs: [get]
# The trusted roots that Apps name for signatures.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
# What is still to be told of Updates, in each namespace that has something.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [headgate-outbox]
  verbs: [patch]
# Tests of Apps that ask a Service.
- apiGroups: [""]
  resources: [services/proxy]
  verbs: [get{{ if not .Values.gitOnly }}, create, update{{ end }}]
# Tests of Apps that an AnalysisTemplate describes.
- apiGroups: [argoproj.io]
  resources: [analysistemplates, clusteranalysistemplates]
  verbs: [get]
# Windows of all Apps of a namespace.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [headgate-gates]
  verbs: [list, watch]
# What is looked at before an Update changes anything.
- apiGroups: [""]
  resources: [resourcequotas]
  verbs: [list]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- if .Values.manifests }}
# Records and revisions of Apps made of manifests, and a hold on Apps whose objects go with them.
- apiGroups: [""]
  resources: [secrets]
  verbs: [list, create, patch, delete]
- apiGroups: [headgate.dev]
  resources: [apps]
  verbs: [patch]
# Whatever was applied is watched; it is applied in the name of the ServiceAccount that the App names.
- apiGroups: ["*"]
  resources: ["*"]
  verbs: [get, list, watch]
{{ include "headgate.impersonation" . }}
{{- end }}
{{- if .Values.backups }}
# Jobs that keep data and bring it back are started in the name of the ServiceAccount that the App names; without one Headgate's own rights
# count, to which extraRules may add `create`.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, delete]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{ include "headgate.impersonation" . }}
# The objects of an App as they were before a change.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create, delete]
- apiGroups: [""]
  resources: [services]
  verbs: [list]
# Snapshots of claims, and claims that get other volumes on the way back.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, create, delete]
- apiGroups: [snapshot.storage.k8s.io]
  resources: [volumesnapshots]
  verbs: [get, create, delete]
{{- if .Values.veleroNamespace }}
# How many claims a Backup of Velero has to hold.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [list]
{{- end }}
{{- end }}
{{- if .Values.helmReleases }}
# Where Helm keeps its releases: watched, and a lock that was left behind is lifted. Values from ConfigMaps and Secrets.
- apiGroups: [""]
  resources: [secrets]
  verbs: [list, watch, update]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
# What Helm and the tests of a chart said, where the record of an Update has no room for all of it.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# What a chart makes and what has a state of its own.
- apiGroups: [""]
  resources: [services, persistentvolumeclaims, replicationcontrollers]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch]
# Helm itself works with the rights of the ServiceAccounts that Apps name.
{{ include "headgate.impersonation" . }}
{{- end }}
{{- with .Values.extraRules }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* One registry's limits as an argument of the controller. */}}
{{- define "headgate.registryLimit" -}}
{{- $parts := list -}}
{{- with .requests }}{{ $parts = append $parts (printf "requests:%s" .) }}{{ end -}}
{{- with .pulls }}{{ $parts = append $parts (printf "pulls:%s" .) }}{{ end -}}
{{- with .concurrency }}{{ $parts = append $parts (printf "concurrency:%v" .) }}{{ end -}}
--registry-limit={{ .host }}={{ join "," $parts }}
{{- end }}
