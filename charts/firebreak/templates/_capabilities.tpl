{{/*
The table of capabilities: which verbs each one needs. Read by rbac-capabilities.yaml and NOTES.txt;
one entry per switch in values.yaml, nothing else grants a write. Keys of `rules` are what RBAC calls them.
*/}}
{{- define "firebreak.capabilities" -}}
dashboards.restrictIngress:
  enabled: {{ .Values.capabilities.dashboards.restrictIngress }}
  rules:
    - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [create, update, patch, delete]}
dashboards.unpublish:
  enabled: {{ .Values.capabilities.dashboards.unpublish }}
  rules:
    - {apiGroups: [""], resources: [services], verbs: [update, patch]}
dashboards.detachRoutes:
  enabled: {{ .Values.capabilities.dashboards.detachRoutes }}
  rules:
    - {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [update, patch]}
    - {apiGroups: [gateway.networking.k8s.io], resources: [httproutes], verbs: [update, patch]}
dashboards.revokeClusterAdmin:
  enabled: {{ .Values.capabilities.dashboards.revokeClusterAdmin }}
  rules:
    - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [delete]}
dashboards.scaleToZero:
  enabled: {{ .Values.capabilities.dashboards.scaleToZero }}
  rules:
    - {apiGroups: [apps], resources: [deployments, replicasets, statefulsets], verbs: [update, patch]}
    - {apiGroups: [apps], resources: [deployments/scale, replicasets/scale, statefulsets/scale], verbs: [get, update, patch]}
miners.isolate:
  enabled: {{ .Values.capabilities.miners.isolate }}
  rules:
    - {apiGroups: [""], resources: [pods], verbs: [update, patch]}
    - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [create, update, patch, delete]}
miners.captureEvidence:
  enabled: {{ .Values.capabilities.miners.captureEvidence }}
  rules:
    - {apiGroups: [""], resources: [pods/log], verbs: [get]}
miners.terminate:
  enabled: {{ .Values.capabilities.miners.terminate }}
  rules:
    - {apiGroups: [""], resources: [pods], verbs: [delete]}
miners.stopOwner:
  enabled: {{ .Values.capabilities.miners.stopOwner }}
  rules:
    - {apiGroups: [apps], resources: [deployments, replicasets, statefulsets], verbs: [update, patch]}
    - {apiGroups: [apps], resources: [deployments/scale, replicasets/scale, statefulsets/scale], verbs: [get, update, patch]}
    - {apiGroups: [batch], resources: [jobs, cronjobs], verbs: [update, patch]}
{{- end }}

{{/* Rights for rotating Secrets and restarting their consumers, in one namespace or (with "*") in all. */}}
{{- define "firebreak.rotateRules" -}}
- {apiGroups: [""], resources: [secrets], verbs: [get, list, create, update, patch, delete]}
- {apiGroups: [apps], resources: [deployments, statefulsets, daemonsets], verbs: [update, patch]}
- {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
# Secrets that come from cert-manager or External Secrets: their source is asked for another value.
- {apiGroups: [cert-manager.io], resources: [certificates], verbs: [get]}
- {apiGroups: [cert-manager.io], resources: [certificates/status], verbs: [update, patch]}
- {apiGroups: [external-secrets.io], resources: [externalsecrets], verbs: [get, update, patch]}
{{- end }}
