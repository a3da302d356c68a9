{{/* Names and labels. Fixed parts, so that docs and admission policies can name them. */}}
{{- define "firebreak.fullname" -}}
{{- if contains "firebreak" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-firebreak" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "firebreak.operator" -}}{{ include "firebreak.fullname" . }}-operator{{- end }}
{{- define "firebreak.sensor" -}}{{ include "firebreak.fullname" . }}-sensor{{- end }}
{{- define "firebreak.operatorUser" -}}system:serviceaccount:{{ .Release.Namespace }}:{{ include "firebreak.operator" . }}{{- end }}
{{- define "firebreak.sensorUser" -}}system:serviceaccount:{{ .Values.sensor.namespace.name }}:{{ include "firebreak.sensor" . }}{{- end }}

{{- define "firebreak.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: firebreak
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: firebreak
{{- end }}

{{- define "firebreak.operatorSelector" -}}
app.kubernetes.io/name: firebreak
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "firebreak.sensorSelector" -}}
app.kubernetes.io/name: firebreak
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: sensor
{{- end }}

{{- define "firebreak.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}

{{/* Namespaces that nothing of Firebreak ever writes to (but Events). */}}
{{- define "firebreak.protectedNamespaces" -}}
{{- concat (list "kube-system" "kube-public" "kube-node-lease" .Values.sensor.namespace.name) .Values.operator.protectNamespaces | uniq | toJson -}}
{{- end }}

{{/* The key for before-images and for naming credentials; made by the operator. */}}
{{- define "firebreak.keySecret" -}}firebreak-keys{{- end }}

{{- define "firebreak.restrictedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}
