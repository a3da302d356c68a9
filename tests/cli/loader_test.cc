#include "cli/loader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace firebreak {
namespace {

namespace fs = std::filesystem;

constexpr char kPod[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";

Loaded load(const std::string& text) {
  Loaded out;
  loadText(text, "a.yaml", &out);
  return out;
}

class Folder {
 public:
  Folder() {
    path_ =
        fs::temp_directory_path() /
        ("fb-loader-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) +
         std::to_string(::getpid()));
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  void write(const std::string& name, const std::string& text) {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

Loaded loadFolder(const Folder& folder) {
  std::istringstream none;
  return loadPaths({folder.path()}, none);
}

TEST(Loader, SplitsDocumentsAndKeepsTheirLines) {
  Loaded loaded = load(std::string("# first\n") + kPod + "---\n# second\n\n" + kPod + "---\n---\n");
  ASSERT_EQ(loaded.documents.size(), 2u);
  EXPECT_EQ(loaded.documents[0].line, 2);
  EXPECT_EQ(loaded.documents[1].line, 8);
  EXPECT_EQ(loaded.documents[1].fieldLines.at("metadata.name"), 10);
  EXPECT_TRUE(loaded.errors.empty());
}

TEST(Loader, ReadsTheRestWhereOneDocumentIsATemplate) {
  Loaded loaded =
      load(std::string(kPod) + "---\n{{- if .Values.x }}\na: {{ .b }}\n{{- end }}\n---\n" + kPod);
  EXPECT_EQ(loaded.documents.size(), 3u) << "two pods, and a text";
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_GE(loaded.errors[0].line, 4);
  EXPECT_NE(loaded.errors[0].message.find("helm template"), std::string::npos);
}

TEST(Loader, ADocumentWithoutKindIsAPlainFile) {
  Loaded loaded = load("replicas: 3\n");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].ref.kind, detect::kPlainFile);
  EXPECT_EQ(loaded.documents[0].ref.name, "a.yaml");
  EXPECT_TRUE(loaded.errors.empty());
  EXPECT_EQ(loaded.notes.size(), 1u);
  EXPECT_TRUE(load("just words\n").documents.empty());
}

TEST(Loader, APlainFileIsNoWorkload) {
  Loaded loaded = load("template: {spec: {containers: [{name: a, image: b}]}}\n");
  detect::ScanInput input(std::move(loaded.documents));
  EXPECT_TRUE(input.workloads().empty());
}

TEST(Loader, KeepsCommentsWithTheirLines) {
  Loaded loaded = load(
      "# top\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata:\n  a: |\n    # text\n"
      "  # one\n  # two\n  b: c\n");
  ASSERT_EQ(loaded.documents.size(), 1u);
  const detect::Document& document = loaded.documents[0];
  ASSERT_EQ(document.comments.size(), 2u);
  EXPECT_EQ(document.comments[0], " top\n");
  EXPECT_EQ(document.comments[1], " one\n two\n");
  EXPECT_EQ(detect::lineOfPart(document, detect::commentPath(1), 2, "two"), 9);
}

TEST(Loader, NamesAQuoteWithoutAnEndAndReadsTheRest) {
  for (const char* text : {"a: \"x: 1\n", "a: 'it''s\n", "a: \"b\\\"\n"}) {
    Loaded loaded = load(std::string("kind: ConfigMap\ndata:\n  b: \"c\"\n  ") + text + "---\n" + kPod);
    ASSERT_EQ(loaded.documents.size(), 2u) << text;
    EXPECT_EQ(loaded.documents[0].ref.kind, detect::kPlainFile) << text;
    EXPECT_EQ(loaded.documents[1].ref.kind, "Pod") << text;
    ASSERT_EQ(loaded.errors.size(), 1u) << text;
    EXPECT_EQ(loaded.errors[0].line, 4) << text;
    EXPECT_NE(loaded.errors[0].message.find("no end"), std::string::npos) << text;
  }
  for (const char* text : {"a: 'it''s'\n", "a: \"b\\\"\"\n", "a: it's\n", "a: \"\"", "a: ''"}) {
    EXPECT_TRUE(load(std::string("kind: ConfigMap\ndata:\n  ") + text).errors.empty()) << text;
  }
}

TEST(Loader, NamesLinksToNowhereAndPipes) {
  Folder folder;
  folder.write("good.yaml", kPod);
  fs::create_symlink("nowhere", folder.path() + "/link.yaml");
  fs::create_symlink("good.yaml", folder.path() + "/other.yaml");
  ASSERT_EQ(::mkfifo((folder.path() + "/pipe.yaml").c_str(), 0600), 0);
  Loaded loaded = loadFolder(folder);
  EXPECT_EQ(loaded.documents.size(), 2u);
  ASSERT_EQ(loaded.errors.size(), 2u);
  std::istringstream none;
  Loaded named = loadPaths({folder.path() + "/pipe.yaml", folder.path() + "/link.yaml"}, none);
  ASSERT_EQ(named.errors.size(), 2u);
  EXPECT_NE(named.errors[0].message.find("nobody writes"), std::string::npos);
}

TEST(Loader, ReadsAPipeThatSomebodyWritesTo) {
  Folder folder;
  std::string path = folder.path() + "/pipe.yaml";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(path) << kPod; });
  std::istringstream none;
  Loaded loaded = loadPaths({path}, none);
  writer.join();
  EXPECT_EQ(loaded.documents.size(), 1u);
}

TEST(Loader, UnwrapsLists) {
  Loaded loaded = load(
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n"
      "  metadata:\n    name: a\n");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].ref.name, "a");
  EXPECT_EQ(loaded.documents[0].line, 4);
  EXPECT_EQ(loaded.documents[0].fieldLines.at("metadata.name"), 7);
  loaded = load(
      R"({"apiVersion":"apps/v1","kind":"DeploymentList","items":[{"metadata":{"name":"d"}}]})");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].ref.kind, "Deployment");
  EXPECT_EQ(loaded.documents[0].ref.apiVersion, "apps/v1");
}

TEST(Loader, ReadsJsonWithLines) {
  Loaded loaded = load(
      "{\n \"apiVersion\": \"v1\",\n \"kind\": \"Pod\",\n \"metadata\": {\n  "
      "\"name\": \"p\"\n }\n}\n");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].fieldLines.at("metadata.name"), 5);
}

TEST(Loader, ReadsBlocksThatHoldTheMarkerIndented) {
  Loaded loaded = load(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  k: |\n    a\n"
      "    ---\n    b\n");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].object["data"]["k"], "a\n---\nb\n");
}

TEST(Loader, ReadsWindowsLinesAndAByteOrderMark) {
  Loaded loaded = load(
      "\xEF\xBB\xBF"
      "apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: p\r\n---\r\n");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].ref.name, "p");
}

TEST(Loader, ReadsEveryValueOfJsonLines) {
  const std::string pod = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME"}})";
  const auto named = [&](const std::string& name) {
    std::string text = pod;
    return text.replace(text.find("NAME"), 4, name);
  };
  Loaded loaded = load(named("a") + "\n" + named("}{") + "\n\n" + named("c") + "\n");
  ASSERT_EQ(loaded.documents.size(), 3u);
  EXPECT_EQ(loaded.documents[1].ref.name, "}{");
  EXPECT_EQ(loaded.documents[2].line, 4);
  EXPECT_TRUE(loaded.errors.empty());
  loaded = load("{\n \"apiVersion\": \"v1\",\n \"kind\": \"Pod\"\n}\n{\n \"apiVersion\": \"v1\",\n"
                " \"kind\": \"Pod\"\n}\n");
  ASSERT_EQ(loaded.documents.size(), 2u);
  EXPECT_EQ(loaded.documents[1].line, 6);
}

TEST(Loader, RefusesJsonThatNestsTooDeepInsteadOfFailingOnIt) {
  for (const char* open : {"[", "{\"a\":"}) {
    std::string text = "{\"kind\":\"X\",\"a\":";
    for (int i = 0; i < 100000; ++i) text += open;
    Loaded loaded = load(text);
    ASSERT_EQ(loaded.errors.size(), 1u);
    EXPECT_EQ(loaded.errors[0].message, "nests too deep");
  }
}

TEST(Loader, ATemplateThatHappensToBeYamlIsATemplate) {
  Loaded loaded = load("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n");
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].ref.kind, detect::kPlainFile);
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(loaded.errors[0].line, 4);
  EXPECT_NE(loaded.errors[0].message.find("rendered first"), std::string::npos);
}

TEST(Loader, WhatDoesNotParseIsATextFromItsOwnFirstLineOn) {
  Loaded loaded = load("apiVersion: v1\nkind: Pod\n---\nkind: ConfigMap\ndata:\n  a: {{ b }} c\n");
  ASSERT_EQ(loaded.documents.size(), 2u);
  EXPECT_EQ(loaded.documents[1].ref.kind, detect::kPlainFile);
  EXPECT_EQ(loaded.documents[1].line, 3);
  // The file is not done with: its objects were not judged.
  EXPECT_EQ(loaded.errors.size(), 1u);
}

TEST(Loader, ASecretThatDoesNotParseIsNotATextEither) {
  Loaded loaded = load("apiVersion: v1\nkind: Secret\nstringData:\n  a: {{ b }} c\n");
  EXPECT_TRUE(loaded.documents.empty());
  EXPECT_EQ(loaded.errors.size(), 1u);
}

TEST(Loader, ReadsUtf16AsPowerShellWritesIt) {
  const std::string text = "apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: p\r\n";
  std::string little = "\xFF\xFE";
  std::string big = "\xFE\xFF";
  for (char c : text) {
    little += c;
    little += '\0';
    big += '\0';
    big += c;
  }
  for (const std::string& encoded : {little, big}) {
    Loaded loaded = load(encoded);
    ASSERT_EQ(loaded.documents.size(), 1u);
    EXPECT_EQ(loaded.documents[0].ref.name, "p");
    EXPECT_TRUE(loaded.errors.empty());
  }
  EXPECT_EQ(load(little + "x").errors.size(), 1u) << "half a character is no text";
}

TEST(Loader, UnwrapsTemplatesOfOpenShift) {
  Loaded loaded = load(
      "apiVersion: template.openshift.io/v1\nkind: Template\nobjects:\n- apiVersion: v1\n"
      "  kind: Service\n  metadata: {name: s}\nparameters: [{name: A}]\n");
  ASSERT_EQ(loaded.documents.size(), 2u);
  EXPECT_EQ(loaded.documents[0].ref.kind, "Service");
  EXPECT_EQ(loaded.documents[0].line, 4);
  // Its parameters have defaults.
  EXPECT_EQ(loaded.documents[1].ref.kind, "Template");
  EXPECT_FALSE(loaded.documents[1].object.contains("objects"));
}

TEST(Loader, SearchesFoldersForManifestsOnly) {
  Folder folder;
  folder.write("b/x.yml", kPod);
  folder.write("a.yaml", kPod);
  folder.write("c.json", R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"j"}})");
  folder.write("d.txt", kPod);
  folder.write("e/.env", "A=b\n");
  folder.write(".git/e.yaml", kPod);
  Loaded loaded = loadFolder(folder);
  EXPECT_EQ(loaded.filesScanned, 4u);
  ASSERT_EQ(loaded.documents.size(), 4u);
  EXPECT_EQ(loaded.documents[0].file, folder.path() + "/a.yaml");
}

TEST(Loader, ReadsWhatLiesBesideManifests) {
  Folder folder;
  for (const char* file : {"run.sh", "a.py", "b.js", "seed.sql", "tls.key", "app.service", "README.md"}) {
    folder.write(file, "A=b\n");
  }
  for (const char* file : {"app.min.js", "node_modules/a/b.js", "vendor/c.go", ".terraform/d.sh", "e.bin"}) {
    folder.write(file, "A=b\n");
  }
  folder.write("der.key", std::string("\0\1\2", 3));
  folder.write("vendor/chart/pod.yaml", kPod);
  Loaded loaded = loadFolder(folder);
  EXPECT_EQ(loaded.documents.size(), 8u) << "of vendor the manifests alone";
  EXPECT_TRUE(loaded.errors.empty());
  ASSERT_EQ(loaded.notes.size(), 1u) << "a key that is no text is told of and no error";
  EXPECT_EQ(loaded.notes[0].file, folder.path() + "/der.key");
}

TEST(Loader, NamesWhatItCannotReadAndGoesOn) {
  Folder folder;
  folder.write("a.yaml", "a: [\n");
  folder.write("b.yaml", kPod);
  folder.write("c.yaml", std::string("\0\1\2", 3));
  std::istringstream none;
  Loaded loaded = loadPaths({folder.path(), folder.path() + "/missing.yaml"}, none);
  EXPECT_EQ(loaded.documents.size(), 2u) << "the pod, and the first one's text";
  ASSERT_EQ(loaded.errors.size(), 3u);
  EXPECT_EQ(loaded.errors[2].file, folder.path() + "/missing.yaml");
}

TEST(Loader, ReadsStandardInput) {
  std::istringstream input(kPod);
  Loaded loaded = loadPaths({"-"}, input);
  ASSERT_EQ(loaded.documents.size(), 1u);
  EXPECT_EQ(loaded.documents[0].file, "-");
}

}  // namespace
}  // namespace firebreak
