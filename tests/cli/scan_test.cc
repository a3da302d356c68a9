#include "cli/scan.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"

namespace firebreak {
namespace {

constexpr char kMiner[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec:\n  containers:\n"
    "  - name: c\n    image: alpine\n    command: [/x]\n    args:\n    - -o\n"
    "    - stratum+tcp://10.0.0.1:3333\n";
constexpr char kAlert[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: q, namespace: lab}\nspec:\n  containers:\n"
    "  - {name: c, image: someone/xmrig}\n";
constexpr char kClean[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata: {a: b}\n";

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
  Json json() const { return Json::parse(out, nullptr, false); }
};

Outcome scan(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), "scan");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Outcome run;
  run.code = runScan(static_cast<int>(arguments.size()), argv.data(), in, out, err);
  run.out = out.str();
  run.err = err.str();
  return run;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    path_ =
        std::filesystem::temp_directory_path() /
        ("fb-scan-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) +
         std::to_string(::getpid()) + ".yaml");
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(Scan, WritesTheDocumentedJson) {
  Outcome run = scan({"-", "-o", "json"}, kMiner);
  EXPECT_EQ(run.code, 0);
  Json json = run.json();
  ASSERT_EQ(json["findings"].size(), 1u);
  const Json& finding = json["findings"][0];
  EXPECT_EQ(finding["family"], "Miner");
  EXPECT_EQ(finding["rule"], "miner-command-line");
  EXPECT_EQ(finding["severity"], "Critical");
  EXPECT_EQ(finding["tier"], "Remediate");
  EXPECT_GE(finding["confidence"].get<int>(), 80);
  EXPECT_EQ(finding["resource"], Json::parse(R"({"apiVersion":"v1","kind":"Pod","namespace":"shop",
                                                 "name":"p"})"));
  EXPECT_EQ(finding["file"], "-");
  EXPECT_EQ(finding["line"], 11);
  EXPECT_EQ(finding["fieldPath"], "spec.containers[0].args[1]");
  EXPECT_EQ(finding["evidence"][0]["signal"], "stratum-url");
  EXPECT_EQ(json["summary"]["byFamily"]["Miner"], 1);
  EXPECT_EQ(json["summary"]["bySeverity"]["Critical"], 1);
  EXPECT_EQ(json["summary"]["byTier"]["Remediate"], 1);
  EXPECT_EQ(json["summary"]["filesScanned"], 1);
  EXPECT_EQ(json["summary"]["documents"], 1);
  EXPECT_TRUE(json["errors"].empty());
}

TEST(Scan, FailsOnlyWhereAskedTo) {
  EXPECT_EQ(scan({"-"}, kMiner).code, 0);
  EXPECT_EQ(scan({"-", "--fail-on", "critical"}, kMiner).code, 1);
  EXPECT_EQ(scan({"-", "--fail-on", "High"}, kMiner).code, 1);
  EXPECT_EQ(scan({"-", "--fail-on", "HIGH"}, kAlert).code, 0);
  EXPECT_EQ(scan({"-", "--fail-on", "medium"}, kAlert).code, 1);
  EXPECT_EQ(scan({"-", "--fail-on", "low"}, kClean).code, 0);
}

TEST(Scan, LeavesOutWhatIsBelowTheAskedSeverity) {
  Outcome run =
      scan({"-", "-o", "json", "--min-severity", "HIGH"}, std::string(kAlert) + "---\n" + kMiner);
  EXPECT_EQ(run.json()["findings"].size(), 1u);
}

TEST(Scan, RefusesBadUsage) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"-", "-o", "xml"},
                                             {"-", "--fail-on", "bad"},
                                             {"-", "--min-severity", ""},
                                             {"-", "--unknown"},
                                             {"-", "--policy", "/does/not/exist"}}) {
    Outcome run = scan(arguments, kMiner);
    EXPECT_EQ(run.code, 2);
    EXPECT_TRUE(run.out.empty());
    EXPECT_FALSE(run.err.empty());
  }
}

TEST(Scan, HelpIsNoMistake) {
  Outcome run = scan({"--help"});
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.out.find("--fail-on"), std::string::npos);
}

TEST(Scan, UnreadableInputWinsOverFindings) {
  Outcome run = scan({"-", "-o", "json", "--fail-on", "low"}, std::string(kMiner) + "---\na: [\n");
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.json()["findings"].size(), 1u);
  ASSERT_EQ(run.json()["errors"].size(), 1u);
  EXPECT_EQ(run.json()["errors"][0]["file"], "-");
  EXPECT_GE(run.json()["errors"][0]["line"].get<int>(), 13);
  EXPECT_NE(run.err.find("not valid YAML"), std::string::npos);
}

TEST(Scan, SaysNothingButTheDocumentOnStdout) {
  Outcome run = scan({"-", "-o", "json"}, "replicas: 3\n");
  EXPECT_EQ(run.code, 0);
  EXPECT_TRUE(run.json().is_object());
  EXPECT_NE(run.err.find("without kind"), std::string::npos);
}

TEST(Scan, ThePolicyAddsSignaturesAndExclusions) {
  TemporaryFile policy(
      "apiVersion: firebreak.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: d}\nspec:\n"
      "  exclude:\n  - {name: lab, namespaces: [lab], reason: test}\n"
      "  miners:\n    signatures: {images: [docker.io/library/busybox]}\n");
  std::string other =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: r, namespace: shop}\nspec:\n  containers:\n"
      "  - {name: c, image: 'docker.io/library/busybox:1'}\n";
  Outcome run =
      scan({"-", "-o", "json", "--policy", policy.path()}, std::string(kAlert) + "---\n" + other);
  EXPECT_EQ(run.code, 0) << run.err;
  ASSERT_EQ(run.json()["findings"].size(), 1u);
  EXPECT_EQ(run.json()["findings"][0]["resource"]["name"], "r");
  EXPECT_EQ(run.json()["findings"][0]["tier"], "Remediate");
}

TEST(Scan, WritesSarif) {
  Outcome run = scan({"-", "-o", "sarif"}, std::string(kMiner) + "---\na: [\n");
  Json json = run.json();
  EXPECT_EQ(json["version"], "2.1.0");
  const Json& sarif = json["runs"][0];
  EXPECT_EQ(sarif["tool"]["driver"]["rules"][0]["id"], "miner-command-line");
  EXPECT_EQ(sarif["results"][0]["ruleId"], "miner-command-line");
  EXPECT_EQ(sarif["results"][0]["level"], "error");
  const Json& location = sarif["results"][0]["locations"][0]["physicalLocation"];
  EXPECT_EQ(location["region"]["startLine"], 11);
  EXPECT_EQ(sarif["invocations"][0]["executionSuccessful"], false);
}

TEST(Scan, SaysWhichPublishedConsolesItCannotJudge) {
  const std::string couch =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: c, labels: {app: c}}\nspec:\n  containers:\n"
      "  - {name: c, image: 'couchdb:3'}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: c}\n"
      "spec: {type: NodePort, selector: {app: c}, ports: [{port: 5984}]}\n";
  Outcome run = scan({"-", "-o", "json", "--fail-on", "low"}, couch);
  EXPECT_EQ(run.code, 0) << "it is no finding";
  Json json = run.json();
  EXPECT_TRUE(json["findings"].empty());
  EXPECT_EQ(json["summary"]["undecided"], 1);
  ASSERT_EQ(json["undecided"].size(), 1u);
  EXPECT_EQ(json["undecided"][0]["product"], "couchdb");
  EXPECT_EQ(json["undecided"][0]["resource"]["name"], "c");
  EXPECT_EQ(json["undecided"][0]["line"], 6);
  EXPECT_NE(scan({"-"}, couch).out.find("? "), std::string::npos);
  EXPECT_EQ(scan({"-", "-o", "sarif"}, couch).json()["runs"][0]["results"].size(), 0u);
}

TEST(Scan, EscapesWhatManifestsSayInHtml) {
  std::string hostile = kMiner;
  hostile.replace(hostile.find("name: p,"), 8, "name: '<script>alert(1)</script>',");
  Outcome run = scan({"-", "-o", "html"}, hostile);
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out.find("<script>"), std::string::npos);
  EXPECT_NE(run.out.find("&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(run.out.find("http://"), std::string::npos);
}

TEST(Scan, ShowsATableByDefault) {
  Outcome run = scan({"-"}, kMiner);
  EXPECT_NE(run.out.find("Pod shop/p"), std::string::npos);
  EXPECT_NE(run.out.find("1 findings (1 to remediate, 0 to look at)"), std::string::npos);
  EXPECT_EQ(scan({"-"}, kClean).out,
            "0 findings (0 to remediate, 0 to look at) in 1 documents of 1 files\n");
}

// "@" is where the credential stands.
TEST(Scan, ACredentialIsNamedAtItsLineAndNeverShown) {
  const std::string value = std::string("dop") + "_v1_" + "93b1c5a7e2f4068d" + "7a1f0c9e5b3d8264" +
                            "c7e19a0b4f6d2835" + "e8a2c4f0b6d19375";
  const std::string head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata:\n";
  for (const std::string& text : {
           head + "  a.env: |\n    TOKEN=@\n    B=1\n",
           head + "  a.env: |\n    # first\n\n    TOKEN=@\n",
           head + "  a.env: |2\n\n    TOKEN=@\n",
           head + "  a: >-\n    one\n    two\n    @\n    three\n",
           head + "  a: \"one\n    two @\n    three\"\n",
           head + "  a:\n    '@'\n",
           head + "  a.json: |\n    {\n      \"token\": \"@\",\n      \"b\": 1\n    }\n",
           head + "  a.json: '{\"token\": \"@\"}'\n  b: c\n",
           "---\n" + head + "  x: y\n---\n" + head + "  a.env: |\n    A=1\n    TOKEN=@\n",
           std::string("{\n\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n\"metadata\": {\"name\": \"c\"},\n"
                       "\"data\": {\n\"a.env\": \"A=1\\nB=2\\nTOKEN=@\\n\"\n}}\n"),
           std::string("apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap\n  apiVersion: v1\n  metadata: {name: c}\n"
                       "  data:\n    a: |\n      x\n      @\n"),
       }) {
    size_t at = text.find('@');
    std::string manifest = std::string(text).replace(at, 1, value);
    long line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
    for (const char* format : {"json", "sarif", "table", "html"}) {
      Outcome run = scan({"-", "-o", format}, manifest);
      EXPECT_EQ((run.out + run.err).find(value.substr(8, 8)), std::string::npos) << format << text;
    }
    Json findings = scan({"-", "-o", "json"}, manifest).json()["findings"];
    ASSERT_EQ(findings.size(), 1U) << text;
    EXPECT_EQ(findings[0]["line"], line) << text;
  }
}

}  // namespace
}  // namespace firebreak
