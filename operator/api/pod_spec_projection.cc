#include "api/pod_spec_projection.h"

#include <utility>

namespace firebreak {
namespace {

// Name and key of a configMapKeyRef, secretKeyRef and the like.
void readKeyRef(JsonCursor& cursor, JsonValue value, EnvVar* out) {
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name")
      out->refName = cursor.text(field);
    else if (key == "key")
      out->refKey = cursor.text(field);
  });
}

void readValueFrom(JsonCursor& cursor, JsonValue value, EnvVar* out) {
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "configMapKeyRef") {
      out->source = EnvVar::Source::kConfigMapKey;
      readKeyRef(cursor, field, out);
    } else if (key == "secretKeyRef") {
      out->source = EnvVar::Source::kSecretKey;
      readKeyRef(cursor, field, out);
    } else {
      out->source = key == "fieldRef" ? EnvVar::Source::kField : EnvVar::Source::kOther;
    }
  });
}

EnvVar readEnvVar(JsonCursor& cursor, JsonValue value) {
  EnvVar out;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name")
      out.name = cursor.scalar(field);
    else if (key == "value")
      out.value = cursor.scalar(field);
    else if (key == "valueFrom")
      readValueFrom(cursor, field, &out);
  });
  return out;
}

std::string readRefName(JsonCursor& cursor, JsonValue value) {
  std::string name;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name") name = cursor.text(field);
  });
  return name;
}

EnvFrom readEnvFrom(JsonCursor& cursor, JsonValue value) {
  EnvFrom out;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "prefix") {
      out.prefix = cursor.text(field);
    } else if (key == "configMapRef") {
      out.source = EnvFrom::Source::kConfigMap;
      out.refName = readRefName(cursor, field);
    } else if (key == "secretRef") {
      out.source = EnvFrom::Source::kSecret;
      out.refName = readRefName(cursor, field);
    }
  });
  return out;
}

ContainerPort readPort(JsonCursor& cursor, JsonValue value) {
  ContainerPort out;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name")
      out.name = cursor.text(field);
    else if (key == "containerPort")
      out.port = cursor.number(field);
    else if (key == "hostPort")
      out.hostPort = cursor.number(field);
    else if (key == "hostIP")
      out.hostIP = cursor.text(field);
    else if (key == "protocol")
      out.protocol = cursor.text(field);
  });
  if (out.protocol.empty()) out.protocol = "TCP";
  return out;
}

VolumeMount readMount(JsonCursor& cursor, JsonValue value) {
  VolumeMount out;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name")
      out.volume = cursor.text(field);
    else if (key == "mountPath")
      out.path = cursor.text(field);
    else if (key == "subPath" || key == "subPathExpr")
      out.subPath = cursor.text(field);
  });
  return out;
}

void readSecurityContext(JsonCursor& cursor, JsonValue value, Container* out) {
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "privileged") {
      out->privileged = cursor.flag(field);
    } else if (key == "capabilities") {
      cursor.eachField(field, [&](std::string_view name, JsonValue list) {
        if (name == "add") out->addedCapabilities = cursor.texts(list);
      });
    }
  });
}

std::string readCpuLimit(JsonCursor& cursor, JsonValue resources) {
  std::string limit;
  cursor.eachField(resources, [&](std::string_view key, JsonValue field) {
    if (key != "limits") return;
    cursor.eachField(field, [&](std::string_view name, JsonValue quantity) {
      if (name == "cpu") limit = cursor.textOrNumber(quantity);
    });
  });
  return limit;
}

template <class T, class Read>
std::vector<T> readList(JsonCursor& cursor, JsonValue value, Read read) {
  std::vector<T> all;
  cursor.eachItem(value, [&](size_t, JsonValue item) { all.push_back(read(cursor, item)); });
  all.shrink_to_fit();
  return all;
}

// exec.command of a probe or of one lifecycle handler.
void readHook(JsonCursor& cursor, JsonValue value, const std::string& path, Container* out) {
  cursor.eachField(value, [&](std::string_view key, JsonValue exec) {
    if (key != "exec") return;
    cursor.eachField(exec, [&](std::string_view name, JsonValue command) {
      if (name != "command") return;
      out->hooks.push_back({path + ".exec.command", cursor.scalars(command)});
    });
  });
}

Container readContainer(JsonCursor& cursor, JsonValue value, Container::Role role,
                        std::string fieldPath) {
  Container out;
  out.role = role;
  out.fieldPath = std::move(fieldPath);
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name")
      out.name = cursor.scalar(field);
    else if (key == "image")
      out.image = cursor.scalar(field);
    else if (key == "workingDir")
      out.workingDir = cursor.scalar(field);
    else if (key == "command")
      out.command = cursor.scalars(field);
    else if (key == "args")
      out.args = cursor.scalars(field);
    else if (key == "env")
      out.env = readList<EnvVar>(cursor, field, readEnvVar);
    else if (key == "envFrom")
      out.envFrom = readList<EnvFrom>(cursor, field, readEnvFrom);
    else if (key == "ports")
      out.ports = readList<ContainerPort>(cursor, field, readPort);
    else if (key == "volumeMounts")
      out.mounts = readList<VolumeMount>(cursor, field, readMount);
    else if (key == "livenessProbe" || key == "readinessProbe" || key == "startupProbe")
      readHook(cursor, field, std::string(key), &out);
    else if (key == "lifecycle")
      cursor.eachField(field, [&](std::string_view when, JsonValue handler) {
        readHook(cursor, handler, "lifecycle." + std::string(when), &out);
      });
    else if (key == "securityContext")
      readSecurityContext(cursor, field, &out);
    else if (key == "resources")
      out.cpuLimit = readCpuLimit(cursor, field);
  });
  return out;
}

struct SourceName {
  std::string_view key;
  VolumeSource::Kind kind;
  std::string_view nameField;  // what VolumeSource::name holds
};

constexpr SourceName kSources[] = {
    {"configMap", VolumeSource::Kind::kConfigMap, "name"},
    {"secret", VolumeSource::Kind::kSecret, "secretName"},
    {"hostPath", VolumeSource::Kind::kHostPath, "path"},
    {"emptyDir", VolumeSource::Kind::kEmptyDir, "medium"},
    {"serviceAccountToken", VolumeSource::Kind::kServiceAccountToken, ""},
};

VolumeSource readSource(JsonCursor& cursor, std::string_view key, JsonValue value, bool projected) {
  VolumeSource out;
  std::string_view nameField;
  for (const SourceName& source : kSources) {
    if (source.key != key) continue;
    out.kind = source.kind;
    // A secret is named by secretName as a volume and by name inside a projected one.
    nameField = projected && key == "secret" ? "name" : source.nameField;
  }
  if (nameField.empty()) return out;
  cursor.eachField(value, [&](std::string_view name, JsonValue field) {
    if (name == nameField) {
      out.name = cursor.text(field);
    } else if (name == "items") {
      cursor.eachItem(field, [&](size_t, JsonValue item) {
        std::pair<std::string, std::string> entry;
        cursor.eachField(item, [&](std::string_view part, JsonValue text) {
          if (part == "key")
            entry.first = cursor.text(text);
          else if (part == "path")
            entry.second = cursor.text(text);
        });
        out.items.push_back(std::move(entry));
      });
    }
  });
  return out;
}

Volume readVolume(JsonCursor& cursor, JsonValue value) {
  Volume out;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name") {
      out.name = cursor.text(field);
    } else if (key == "projected") {
      cursor.eachField(field, [&](std::string_view part, JsonValue sources) {
        if (part != "sources") return;
        cursor.eachItem(sources, [&](size_t, JsonValue source) {
          cursor.eachField(source, [&](std::string_view kind, JsonValue body) {
            out.sources.push_back(readSource(cursor, std::string(kind), body, true));
          });
        });
      });
    } else {
      out.sources.push_back(readSource(cursor, std::string(key), field, false));
    }
  });
  return out;
}

void readContainers(JsonCursor& cursor, JsonValue value, Container::Role role, const char* list,
                    std::vector<Container>* out) {
  cursor.eachItem(value, [&](size_t index, JsonValue item) {
    std::string path = list;
    path += '[' + std::to_string(index) + ']';
    out->push_back(readContainer(cursor, item, role, std::move(path)));
  });
}

}  // namespace

ProjectedSpec readPodSpec(JsonCursor& cursor, JsonValue value) {
  ProjectedSpec out;
  std::vector<Container> regular;
  std::vector<Container> init;
  std::vector<Container> ephemeral;
  std::string oldAccountField;
  PodSpec& spec = out.spec;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "containers") {
      readContainers(cursor, field, Container::Role::kRegular, "containers", &regular);
    } else if (key == "initContainers") {
      readContainers(cursor, field, Container::Role::kInit, "initContainers", &init);
    } else if (key == "ephemeralContainers") {
      readContainers(cursor, field, Container::Role::kEphemeral, "ephemeralContainers", &ephemeral);
    } else if (key == "volumes") {
      spec.volumes = readList<Volume>(cursor, field, readVolume);
    } else if (key == "serviceAccountName") {
      spec.serviceAccount = cursor.text(field);
    } else if (key == "serviceAccount") {
      oldAccountField = cursor.text(field);
    } else if (key == "hostNetwork") {
      spec.hostNetwork = cursor.flag(field);
    } else if (key == "hostPID") {
      spec.hostPID = cursor.flag(field);
    } else if (key == "nodeName") {
      out.node = cursor.text(field);
    } else if (key == "imagePullSecrets") {
      cursor.eachItem(field, [&](size_t, JsonValue item) {
        std::string name = readRefName(cursor, item);
        if (!name.empty()) spec.imagePullSecrets.push_back(std::move(name));
      });
    }
  });
  if (spec.serviceAccount.empty()) spec.serviceAccount = std::move(oldAccountField);
  if (spec.serviceAccount.empty()) spec.serviceAccount = "default";
  spec.containers.reserve(regular.size() + init.size() + ephemeral.size());
  for (auto* list : {&regular, &init, &ephemeral}) {
    for (Container& container : *list) spec.containers.push_back(std::move(container));
  }
  return out;
}

}  // namespace firebreak
