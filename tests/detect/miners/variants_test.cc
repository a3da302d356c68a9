// Every way to start a miner inside every way to hide it is found; every way to mention one is silent.
#include <gtest/gtest.h>

#include <functional>

#include "base/digest.h"
#include "detect/miners/addresses.h"
#include "detect/miners/detect_miners.h"

namespace firebreak::detect {
namespace {

const std::string kWallet = kStandardAddress;

// Renamed programs, pools nobody has heard of, schemes left out.
const std::vector<std::string> kMiners = {
    "/tmp/.x/kworker -o stratum+tcp://10.0.0.9:443 -u a",
    "/srv/app -o gulf.example.net:443 -u " + kWallet + " --tls -k",
    "/srv/app --url=10.1.2.3:8443 --user=" + kWallet,
    "/srv/app -a rx/0 -o 10.1.2.3:443 -u w1",
    "/srv/app --donate-level 1 -o mine.example.org:80 -u me -p x",
    "/srv/app --algo=kawpow -o rvn.2miners.com:6060",
    "xmrig --config=/etc/c.json -o 10.0.0.1:3333 -u x",
    "/srv/app -P stratum1+tls12://0xab.rig@eu.example.net:4443",
    "/srv/app -ewal 0x0123 -epool eth.example.net:4444 -a ethash",
    "/srv/app --url xmr-eu1.nanopool.org:14433 --user " + kWallet + ".rig",
};

struct Made {
  PodSpec spec;
  StringMap files;
};

using Hide = std::function<void(const std::string& command, Made* made)>;

void script(const std::string& text, Made* made) {
  made->spec.containers[0].command = {"sh", "-c", text};
}

void mount(const std::string& name, const std::string& text, Made* made) {
  made->files[name] = text;
  made->spec.volumes.push_back({"c", {{VolumeSource::Kind::kConfigMap, "settings", {}}}});
  made->spec.containers[0].mounts.push_back({"c", "/cfg", ""});
}

const std::vector<std::pair<std::string, Hide>> kHides = {
    {"script", [](const std::string& c, Made* m) { script(c, m); }},
    {"background", [](const std::string& c, Made* m) { script(c + " >/dev/null 2>&1 & exec /app", m); }},
    {"wrapped", [](const std::string& c, Made* m) { script("exec nohup timeout 9 nice -n 5 " + c, m); }},
    {"loop", [](const std::string& c, Made* m) { script("while true; do " + c + "; sleep 1; done", m); }},
    {"base64", [](const std::string& c, Made* m) {
       script("echo " + base64Encode(c) + " | base64 -d | sh", m);
     }},
    {"base64Twice", [](const std::string& c, Made* m) {
       script("eval \"$(echo " + base64Encode("echo " + base64Encode(c) + "|base64 -d|sh") +
                  "|base64 -d)\"", m);
     }},
    {"heredoc", [](const std::string& c, Made* m) {
       script("cat > /tmp/r.sh <<'EOF'\n" + c + "\nEOF\nchmod +x /tmp/r.sh; /tmp/r.sh", m);
     }},
    {"heredocShell", [](const std::string& c, Made* m) { script("sh <<EOF\n" + c + "\nEOF", m); }},
    {"variable", [](const std::string& c, Made* m) { script("C='" + c + "'; $C", m); }},
    {"function", [](const std::string& c, Made* m) { script("f() { " + c + "; }; f", m); }},
    {"environment", [](const std::string& c, Made* m) {
       m->spec.containers[0].env.push_back({"RUN", EnvVar::Source::kLiteral, c, "", ""});
       script("exec $RUN", m);
     }},
    {"configMapScript", [](const std::string& c, Made* m) {
       mount("run.sh", "#!/bin/sh\nset -e\n" + c + "\n", m);
       m->spec.containers[0].command = {"/bin/sh", "/cfg/run.sh"};
     }},
    {"configMapExecuted", [](const std::string& c, Made* m) {
       mount("run.sh", "#!/bin/sh\n" + c + "\n", m);
       m->spec.containers[0].command = {"/cfg/run.sh"};
     }},
    {"configMapVariable", [](const std::string& c, Made* m) {
       m->files["run"] = c;
       m->spec.containers[0].env.push_back(
           {"RUN", EnvVar::Source::kConfigMapKey, "", "settings", "run"});
       m->spec.containers[0].command = {"sh", "-c", "$(RUN)"};
     }},
    {"hook", [](const std::string& c, Made* m) {
       m->spec.containers[0].hooks.push_back({"lifecycle.postStart.exec.command", {"sh", "-c", c}});
     }},
    {"probe", [](const std::string& c, Made* m) {
       m->spec.containers[0].hooks.push_back({"livenessProbe.exec.command", {"sh", "-c", c + " &"}});
     }},
    {"python", [](const std::string& c, Made* m) {
       m->spec.containers[0].command = {"python3", "-c", "import os; os.system('" + c + "')"};
     }},
    {"crontab", [](const std::string& c, Made* m) {
       script("echo '* * * * * " + c + "' | crontab -; crond -f", m);
     }},
};

std::vector<Finding> judged(const Made& made, bool init) {
  Made copy = made;
  Container& container = copy.spec.containers[0];
  if (init) {
    container.role = Container::Role::kInit;
    container.fieldPath = "initContainers[0]";
  }
  MinerInput input;
  input.workload = {"apps/v1", "Deployment", "shop", "web", "u"};
  input.spec = &copy.spec;
  input.configMap = [&](std::string_view, std::string_view) { return &copy.files; };
  return detectMiners(input);
}

Made plain() {
  Made made;
  Container container;
  container.fieldPath = "containers[0]";
  container.name = "main";
  container.image = "registry.example/app:1";
  made.spec.containers.push_back(container);
  return made;
}

TEST(MinerVariants, AreFoundHoweverTheyAreHidden) {
  int variants = 0;
  for (const std::string& miner : kMiners) {
    for (const auto& [name, hide] : kHides) {
      for (bool init : {false, true}) {
        Made made = plain();
        hide(miner, &made);
        auto findings = judged(made, init);
        ++variants;
        ASSERT_EQ(findings.size(), 1u) << name << ": " << miner;
        EXPECT_EQ(findings[0].tier, Tier::kRemediate) << name << ": " << miner;
      }
    }
  }
  RecordProperty("variants", variants);
}

TEST(MinerVariants, AreSilentWhereTheyAreOnlyMentioned) {
  const std::vector<std::function<std::string(const std::string&)>> mentions = {
      [](const std::string& c) { return "echo " + c + "; exec /app"; },
      [](const std::string& c) { return "echo \"" + c + "\" > /tmp/seen.txt; exec /app"; },
      [](const std::string& c) { return "printf '%s\n' '" + c + "' | tee /tmp/log; exec /app"; },
      [](const std::string& c) { return "exec /app # " + c; },
      [](const std::string& c) { return "# " + c + "\nexec /app"; },
      [](const std::string& c) { return "cat <<EOF\nusage: " + c + "\nEOF\nexec /app"; },
      [](const std::string& c) { return ": <<'X'\n" + c + "\nX\nexec /app"; },
      [](const std::string& c) { return "ps aux | grep -v grep | grep '" + c + "' && exit 1"; },
      [](const std::string& c) { return "pkill -f '" + c + "'; exec /app"; },
      [](const std::string& c) { return "case \"$X\" in '" + c + "') ;; esac; exec /app"; },
      [](const std::string& c) { return "[ \"$X\" = '" + c + "' ] && exit 1; exec /app"; },
      [](const std::string& c) { return "sed -i 's#" + c + "##' /etc/crontab; exec /app"; },
      [](const std::string& c) { return "/app --description 'Finds any process that runs " + c + "'"; },
  };
  for (const std::string& miner : kMiners) {
    for (size_t i = 0; i < mentions.size(); ++i) {
      Made made = plain();
      script(mentions[i](miner), &made);
      for (const Finding& finding : judged(made, false)) {
        ADD_FAILURE() << i << ": " << finding.message;
      }
    }
    Made made = plain();
    mount("README.md", "Start it with\n\n    " + miner + "\n", &made);
    made.spec.containers[0].env.push_back(
        {"RULES_TEXT", EnvVar::Source::kLiteral, miner, "", ""});
    EXPECT_TRUE(judged(made, false).empty()) << miner;
  }
}

}  // namespace
}  // namespace firebreak::detect
