#include "detect/scan_input.h"

#include <gtest/gtest.h>

#include "detect/pod_templates.h"

namespace firebreak::detect {
namespace {

Document document(const char* text) {
  Document out;
  out.object = Json::parse(text);
  out.ref = refOf(out.object);
  out.file = "a.yaml";
  out.line = 3;
  return out;
}

std::vector<Document> documents(std::initializer_list<const char*> texts) {
  std::vector<Document> out;
  for (const char* text : texts) out.push_back(document(text));
  return out;
}

TEST(ScanInput, FindsTheTemplateOfACronJob) {
  ScanInput input(documents({R"({"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"c"},
    "spec":{"jobTemplate":{"spec":{"template":{"metadata":{"labels":{"a":"b"}},
    "spec":{"containers":[{"name":"x","image":"y","args":["1",2,true]}]}}}}}})"}));
  ASSERT_EQ(input.workloads().size(), 1u);
  const Workload& workload = input.workloads()[0].workload;
  EXPECT_EQ(workload.specPath, "spec.jobTemplate.spec.template.spec");
  EXPECT_EQ(workload.podLabels.at("a"), "b");
  EXPECT_EQ(workload.spec->containers.at(0).args, (std::vector<std::string>{"1", "2", "true"}));
}

TEST(ScanInput, FindsEveryTemplateInsideACustomResource) {
  ScanInput input(
      documents({R"({"apiVersion":"ray.io/v1","kind":"RayCluster","metadata":{"name":"r"},
    "spec":{"headGroupSpec":{"template":{"spec":{"containers":[{"image":"a"}]}}},
    "workerGroupSpecs":[{"template":{"spec":{"containers":[{"image":"b"}]}}}]}})"}));
  ASSERT_EQ(input.workloads().size(), 2u);
  EXPECT_EQ(input.workloads()[0].workload.specPath, "spec.headGroupSpec.template.spec");
  EXPECT_EQ(input.workloads()[1].workload.specPath, "spec.workerGroupSpecs[0].template.spec");
}

TEST(ScanInput, TakesNoTemplateFromACustomResourceDefinition) {
  ScanInput input(documents({R"({"apiVersion":"apiextensions.k8s.io/v1",
    "kind":"CustomResourceDefinition","metadata":{"name":"r"},
    "spec":{"example":{"containers":[{"image":"a"}]}}})"}));
  EXPECT_TRUE(input.workloads().empty());
}

TEST(ScanInput, LooksUpAConfigMapByNamespaceFirstAndThenByOneWithoutNamespace) {
  ScanInput input(documents(
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"none"}})",
       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"a"},
           "data":{"k":"a"}})"}));
  ASSERT_NE(input.configMap("a", "c"), nullptr);
  EXPECT_EQ(input.configMap("a", "c")->data.at("k"), "a");
  EXPECT_EQ(input.configMap("b", "c")->data.at("k"), "none");
  EXPECT_EQ(input.configMap("b", "d"), nullptr);
}

TEST(ScanInput, DecodesSecretsAndLetsStringDataWin) {
  ScanInput input(documents({R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},
    "data":{"a":"aGVsbG8=","b":"aGVsbG8="},"stringData":{"b":"x"}})"}));
  ASSERT_NE(input.secret("", "s"), nullptr);
  EXPECT_EQ(input.secret("", "s")->data.at("a"), "hello");
  EXPECT_EQ(input.secret("", "s")->data.at("b"), "x");
}

TEST(ScanInput, NamesKeysWithDotsInBrackets) {
  EXPECT_EQ(childPath("metadata.annotations", "a.b/c"), "metadata.annotations[\"a.b/c\"]");
  EXPECT_EQ(childPath("", "spec"), "spec");
  EXPECT_EQ(childPath("a", size_t{2}), "a[2]");
}

TEST(ScanInput, LineIsThatOfTheNearestKnownParent) {
  Document doc = document(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}})");
  doc.fieldLines["data"] = 7;
  doc.fieldLines["data[\"a.b\"]"] = 9;
  EXPECT_EQ(lineOf(doc, "data[\"a.b\"].c"), 9);
  EXPECT_EQ(lineOf(doc, "data[\"c.d\"]"), 7);
  EXPECT_EQ(lineOf(doc, "spec.x"), 3);
}

}  // namespace
}  // namespace firebreak::detect
