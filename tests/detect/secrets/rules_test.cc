// Every credential kind: a made-up credential of its form is found under its rule and tier, and its
// look-alikes (a placeholder of the same shape, one character short, glued to other text) are not.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <map>
#include <set>

#include "detect/secrets/sample_maker.h"
#include "detect/secrets/text_scan.h"
#include "detect/signatures/secrets.h"

namespace firebreak::detect {
namespace {

using firebreak::testing::SampleMaker;

struct Example {
  const char* rule;
  const char* form;
};

constexpr Example kExamples[] = {
    {"azure-annotated-key", "<a:52>JQ~QJ99BAACYeBjFXJ3w3AAABACOG<a:4>"},
    {"webex-bot-token", "<b:64>_P~F84_<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"putty-private-key",
     "PuTTY-User-Key-File-3: ssh-ed25519\nEncryp~tion: none\nComment: ci\nPublic-Lines: 2\n<s:64>\n<s:16>\n"
     "Private-Lines: 1\n<s:48>\nPrivate-MAC: <h:64>"},
    {"docker-swarm-unlock-key", "SWM~KEY-1-<s:43>"},
    {"cloudflare-prefixed-token", "cf~ut_<a:47>7"},
    {"defined-networking-key", "dn~key-<u:26>-<u:52>"},
    {"gitlab-runner-registration-token", "GR13~48941<b:20>"},
    {"gitlab-group-registration-token", "gl~rtr-<b:25>"},
    {"gitlab-workspace-token", "gl~wt-<b:25>"},
    {"bitbucket-server-token", "BB~DC-<s:44>"},
    {"llamacloud-key", "ll~x-<b:48>"},
    {"newrelic-insert-key", "NR~II-<b:32>"},
    {"rpc-node-key", "https://mainnet.inf~ura.io/v3/<h:32>"},
    {"github-personal-token", "gh~p_<a:30><crc62>"},
    {"github-oauth-token", "gh~o_<a:30><crc62>"},
    {"github-user-token", "gh~u_<a:30><crc62>"},
    {"github-server-token", "gh~s_<a:30><crc62>"},
    {"github-refresh-token", "gh~r_<a:30><crc62>"},
    {"github-fine-grained-token", "github~_pat_<a:22>_<a:59>"},
    {"gitlab-personal-token", "gl~pat-<b:20>"},
    {"gitlab-deploy-token", "gl~dt-<b:20>"},
    {"gitlab-runner-token", "gl~rt-<b:20>"},
    {"gitlab-trigger-token", "gl~ptt-<h:40>"},
    {"gitlab-feed-token", "gl~ft-<b:20>"},
    {"gitlab-agent-token", "gl~agent-<b:50>"},
    {"gitlab-oauth-secret", "gl~oas-<h:64>"},
    {"npm-token", "np~m_<a:30><crc62>"},
    {"pypi-token", "py~pi-AgEIcHlwaS5vcmc<b:150>"},
    {"rubygems-key", "ruby~gems_<h:48>"},
    {"crates-io-token", "ci~o<a:32>"},
    {"clojars-token", "CLO~JARS_<l:60>"},
    {"nuget-key", "oy~2<l:43>"},
    {"docker-hub-token", "dckr~_pat_<b:27>"},
    {"docker-hub-org-token", "dckr~_oat_<b:32>"},
    {"artifactory-key", "AK~Cp<a:69>"},
    {"circleci-token", "CCI~PAT_<a:22>_<h:40>"},
    {"buildkite-token", "bk~ua_<h:40>"},
    {"pulumi-token", "pu~l-<h:40>"},
    {"terraform-cloud-token", "<a:14>.atlas~v1.<b:66>"},
    {"vault-service-token", "hv~s.<b:95>"},
    {"vault-batch-token", "hv~b.<b:140>"},
    {"sonar-token", "sq~p_<h:40>"},
    {"sentry-org-token", "sntr~ys_eyJ<a:100>_<s:43>"},
    {"sentry-user-token", "sntr~yu_<h:64>"},
    {"google-api-key", "AI~za<b:35>"},
    {"google-oauth-client-secret", "GOC~SPX-<b:28>"},
    {"google-oauth-access-token", "ya~29.<b:120>"},
    {"azure-storage-key", "DefaultEndpointsProtocol=https;AccountName=shop;Account~Key=<s:86>=="},
    {"azure-shared-access-key",
     "Endpoint=sb://shop.servicebus.windows.net/;SharedAccess~Key=<s:43>="},
    {"azure-devops-token", "<a:76>AZ~DO<a:4>"},
    {"azure-container-registry-key", "<a:42>+AC~R<a:6>"},
    {"digitalocean-token", "do~p_v1_<h:64>"},
    {"digitalocean-oauth-token", "do~o_v1_<h:64>"},
    {"digitalocean-refresh-token", "do~r_v1_<h:64>"},
    {"cloudflare-origin-ca-key", "v1~.0-<h:24>-<h:146>"},
    {"heroku-token", "HR~KU-AA<b:58>"},
    {"fly-token", "fo~1_<b:43>"},
    {"netlify-token", "nf~p_<a:36>"},
    {"planetscale-password", "pscale~_pw_<b:43>"},
    {"planetscale-token", "pscale~_tkn_<b:43>"},
    {"supabase-token", "sb~p_<h:40>"},
    {"supabase-secret-key", "sb~_secret_<b:31>"},
    {"databricks-token", "da~pi<h:32>"},
    {"tailscale-key", "ts~key-auth-<a:12>-<a:32>"},
    {"doppler-token", "dp~.pt.<a:43>"},
    {"stripe-live-key", "sk_li~ve_<a:24>"},
    {"stripe-live-restricted-key", "rk_li~ve_<a:99>"},
    {"stripe-test-key", "sk_te~st_<a:24>"},
    {"stripe-webhook-secret", "wh~sec_<a:32>"},
    {"square-access-token", "sq0~atp-<b:22>"},
    {"square-oauth-secret", "sq0~csp-<b:43>"},
    {"shopify-access-token", "shp~at_<h:32>"},
    {"shopify-shared-secret", "shp~ss_<h:32>"},
    {"shopify-custom-token", "shp~ca_<h:32>"},
    {"shopify-private-token", "shp~pa_<h:32>"},
    {"easypost-key", "EZ~AK<a:54>"},
    {"shippo-live-token", "shippo~_live_<h:40>"},
    {"slack-bot-token", "xo~xb-<d:12>-<d:12>-<a:24>"},
    {"slack-user-token", "xo~xp-<d:12>-<d:12>-<d:12>-<h:32>"},
    {"slack-app-token", "xa~pp-1-A<u:10>-<d:13>-<h:64>"},
    {"slack-refresh-token", "xo~xe-1-<a:146>"},
    {"slack-webhook", "https://hooks.sl~ack.com/services/T<u:10>/B<u:10>/<a:24>"},
    {"teams-webhook",
     "https://shop.webhook.off~ice.com/webhookb2/"
     "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>@<h:8>-<h:4>-<h:4>-<h:4>-<h:12>/IncomingWebhook/<h:32>/"
     "<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"discord-webhook", "https://disc~ord.com/api/webhooks/<d:18>/<b:68>"},
    {"telegram-bot-token", "<d:10>:A~A<b:33>"},
    {"sendgrid-key", "S~G.<b:22>.<b:43>"},
    {"mailgun-key", "ke~y-<h:32>"},
    {"mailchimp-key", "<h:32>-u~s21"},
    {"brevo-key", "xkey~sib-<h:64>-<a:16>"},
    {"brevo-smtp-key", "xsmtp~sib-<h:64>-<a:16>"},
    {"grafana-service-account-token", "gl~sa_<a:32><_crc16>"},
    {"newrelic-user-key", "NR~AK-<u:27>"},
    {"newrelic-license-key", "<h:36>NR~AL"},
    {"dynatrace-token", "dt~0c01.<u:24>.<u:64>"},
    {"honeycomb-key", "hc~aik_<l:58>"},
    {"openai-key", "sk-pr~oj-<a:48>T3Blbk~FJ<a:48>"},
    {"anthropic-key", "sk-a~nt-api03-<b:93>AA"},
    {"huggingface-token", "h~f_<a:34>"},
    {"groq-key", "gs~k_<a:52>"},
    {"xai-key", "xa~i-<a:80>"},
    {"perplexity-key", "ppl~x-<a:48>"},
    {"replicate-token", "r~8_<a:37>"},
    {"langsmith-key", "ls~v2_pt_<h:32>_<h:10>"},
    {"atlassian-token", "ATA~TT3<b:186>"},
    {"bitbucket-app-password", "AT~BB<a:32>"},
    {"linear-key", "lin_a~pi_<a:40>"},
    {"notion-token", "nt~n_<d:11><a:35>"},
    {"airtable-token", "pa~t<a:14>.<h:64>"},
    {"postman-key", "PM~AK-<h:24>-<h:34>"},
    {"figma-token", "fi~gd_<b:40>"},
    {"contentful-token", "CF~PAT-<b:43>"},
    {"prefect-key", "pn~u_<a:36>"},
    {"okta-token", "SS~WS 00<b:40>"},
    {"readme-key", "rd~me_<l:70>"},
    {"mapbox-secret-token", "sk.ey~J<a:80>.<b:22>"},
    {"duffel-token", "duffel_li~ve_<b:43>"},
    {"adafruit-key", "ai~o_<a:28>"},
    {"yandex-api-key", "AQ~VN<b:36>"},
    {"gitlab-ci-job-token", "gl~cbt-64_<b:20>"},
    {"gitlab-mail-token", "gl~imt-<l:25>"},
    {"gitlab-scim-token", "gl~soat-<b:20>"},
    {"gitlab-feature-flag-token", "gl~ffct-<b:20>"},
    {"artifactory-reference-token", "cmVm~dGtu<a:56>"},
    {"circleci-project-token", "CCI~PRJ_<a:22>_<h:40>"},
    {"vault-recovery-token", "hv~r.<b:90>"},
    {"vault-legacy-token", "s~.<a:23>7"},
    {"harness-token", "pa~t.<b:22>.<h:24>.<a:20>"},
    {"octopus-key", "AP~I-<u:26>"},
    {"infracost-key", "ic~o-<a:31>7"},
    {"sourcegraph-token", "sg~p_<h:16>_<h:40>"},
    {"segment-token", "sg~p_<a:64>"},
    {"rancher-token", "tok~en-<l:5>:<l:54>"},
    {"google-refresh-token", "1/~/0<b:60>"},
    {"firebase-server-key", "AA~AA<b:7>:AP~A91b<b:134>"},
    {"aws-session-token", "IQ~oJb3JpZ2luX2Vj<s:300>"},
    {"aws-bedrock-key", "AB~SKQmVkcm9ja0FQSUtleS<s:100>"},
    {"amazon-mws-token", "amz~n.mws.<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"azure-sas-signature", "https://shop.blob.core.windows.net/in?sv=2022-11-02&sp=rw&si~g=<a:43>%3D"},
    {"azure-function-key", "<b:44>Az~Fu<b:5>A=="},
    {"azure-search-key", "<a:42>Az~SeA<a:5>"},
    {"azure-cosmos-key", "<s:76>AC~Db<s:6>=="},
    {"azure-storage-account-key", "<s:76>+AS~t<s:6>=="},
    {"azure-service-bus-key", "<s:33>+AS~b<s:6>="},
    {"azure-event-hub-key", "<s:33>+AE~h<s:6>="},
    {"azure-iot-key", "<s:33>AI~oT<s:5>A="},
    {"azure-cache-key", "<a:33>Az~CaA<a:5>="},
    {"azure-batch-key", "<s:76>+AB~a<s:6>=="},
    {"docker-swarm-token", "SW~MTKN-1-<l:50>-<l:25>"},
    {"openshift-token", "sha25~6@<b:43>"},
    {"k3s-token", "K1~0<h:64>::server:<h:32>"},
    {"portainer-token", "pt~r_<s:43>="},
    {"aiven-password", "AV~NS_<b:19>"},
    {"neon-key", "na~pi_<l:64>"},
    {"cockroach-cloud-key", "CC~DB1_<a:22>_<a:40>"},
    {"clickhouse-cloud-secret", "4b~1d<a:37>7"},
    {"planetscale-oauth-token", "pscale~_oauth_<b:43>"},
    {"vercel-blob-token", "vercel~_blob_rw_<a:16>_<a:30>"},
    {"fly-macaroon", "fm~2_<s:200>"},
    {"bitwarden-machine-token", "0~.<h:8>-<h:4>-<h:4>-<h:4>-<h:12>.<a:30>:<s:22>=="},
    {"infisical-token", "s~t.<h:24>.<h:32>.<h:32>"},
    {"wireguard-private-key", "Private~Key = <s:42>A="},
    {"launchdarkly-sdk-key", "sd~k-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"scalingo-token", "tk-~us-<b:48>"},
    {"braintree-token", "access_~token$production$<l:16>$<h:32>"},
    {"flutterwave-key", "FLW~SECK-<h:32>-X"},
    {"adyen-key", "AQ~E<a:70>-<s:43>=-<a:16>"},
    {"square-token", "EA~AA<b:60>"},
    {"paddle-key", "pdl_li~ve_apikey_<l:26>_<a:22>_<a:3>"},
    {"payment-live-key", "li~ve_<a:31>7"},
    {"slack-legacy-bot-token", "xo~xb-<d:12>-<a:24>"},
    {"slack-workspace-token", "xo~xa-<d:12>-<d:12>-<d:12>-<h:32>"},
    {"slack-config-token", "xo~xe.xo~xp-1-<a:163>"},
    {"google-chat-webhook", "https://chat.google~apis.com/v1/spaces/AAAAbbbb/messages?key=<l:39>&token=<b:43>"},
    {"zapier-webhook", "https://hooks.za~pier.com/hooks/catch/<d:8>/b4<l:5>"},
    {"resend-key", "re~_<a:8>_<a:24>"},
    {"mailersend-token", "ml~sn.<h:64>"},
    {"intercom-token", "dG~9rO<a:55>="},
    {"facebook-token", "EA~AC<a:169>7"},
    {"twitter-bearer-token", "AAAAAAAAAA~AAAAAAAAAAA<d:2><a:30>%3D<a:50>"},
    {"hubspot-token", "pa~t-na1-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"asana-token", "1/~<d:16>:<h:32>"},
    {"dropbox-token", "s~l.B<b:136>"},
    {"notion-secret", "secr~et_<a:42>7"},
    {"clickup-token", "p~k_<d:8>_<u:32>"},
    {"typeform-token", "tf~p_<b:44>"},
    {"frameio-token", "fi~o-u-<b:64>"},
    {"posthog-key", "ph~x_<a:43>"},
    {"maxmind-key", "<a:6>_<a:29>_m~mk"},
    {"unleash-token", "default:production~.<h:56>"},
    {"bitbucket-repository-token", "AT~CTT3<b:186>"},
    {"linear-oauth-token", "lin_~oauth_<h:64>"},
    {"openrouter-key", "sk-~or-v1-<h:64>"},
    {"model-api-key", "s~k-<h:32>"},
    {"pinecone-key", "pc~sk_<a:5>_<a:63>"},
    {"elevenlabs-key", "s~k_<h:48>"},
    {"voyage-key", "p~a-<b:42>7"},
    {"tavily-key", "tv~ly-dev-<a:32>"},
    {"nvidia-key", "nv~api-<b:64>"},
    {"cerebras-key", "cs~k-<l:48>"},
    {"langfuse-key", "sk-~lf-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"jina-key", "ji~na_<h:32><b:28>"},
    {"fireworks-key", "f~w_<a:23>7"},
    {"huggingface-org-token", "api~_org_<L:34>"},
    {"vault-unseal-share", "Unseal ~Key 1: <s:43>="},
    {"wordpress-salt", "define( 'AUTH~_KEY', '<a:30>;[ |$<a:29>' )"},
    {"openvpn-static-key",
     "-----BEGIN Open~VPN Static key V1-----\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n"
     "<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n<h:32>\n-----END Open~VPN Static key V1-----"},
    {"coralogix-key", "cx~tp_<a:30>"},
    {"ceph-keyring", "[client.rgw]\n\tkey = A~Q<a:36>=="},
    {"nats-seed-block", "-----BEGIN USER NKEY ~SEED-----\nS~U<t:56>\n------END USER NKEY ~SEED------"},
    {"wecom-webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/se~nd?key=<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"lark-webhook", "https://open.feishu.cn/open-apis/bot~/v2/hook/<h:8>-<h:4>-<h:4>-<h:4>-<h:12>"},
    {"dingtalk-webhook", "https://oapi.dingtalk~.com/robot/send?access_token=<h:64>"},
    {"sumologic-collector", "https://endpoint1.collection.sumologic~.com/receiver/v1/http/<a:84>=="},
    {"mattermost-webhook", "https://chat.shop.internal/hoo~ks/<l:26>"},
    {"kubernetes-bootstrap-token", "kubeadm join --token <l:6>.<l:16>"},
};

// A user's seed: two prefix bytes, 32 random ones, the CRC16 of all that, in base32.
std::string nkeySample(SampleMaker& maker) {
  std::string bytes = "\x95\x00";
  bytes.resize(2);
  bytes += maker.octets(32);
  unsigned sum = 0;
  for (char octet : bytes) {
    auto byte = static_cast<unsigned char>(octet);
    for (unsigned bit = 0; bit < 8; ++bit) {
      bool carry = ((sum >> 15U) & 1U) != ((unsigned{byte} >> (7U - bit)) & 1U);
      sum = (sum << 1U & 0xffffU) ^ (carry ? 0x1021U : 0U);
    }
  }
  bytes += static_cast<char>(sum & 0xffU);
  bytes += static_cast<char>(sum >> 8U);
  std::string text;
  for (size_t bit = 0; bit + 5 <= bytes.size() * 8 + 4; bit += 5) {
    unsigned value = 0;
    for (size_t i = bit; i < bit + 5; ++i) {
      unsigned octet = i / 8 < bytes.size() ? static_cast<unsigned char>(bytes[i / 8]) : 0U;
      value = value << 1U | (octet >> (7 - i % 8) & 1U);
    }
    text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value];
  }
  return text;
}

// Those whose form takes more than a table row.
std::map<std::string, std::string> builtExamples(SampleMaker& maker) {
  std::map<std::string, std::string> built;
  built["onepassword-token"] =
      std::string("ops") + "_" +
      SampleMaker::base64Url(R"({"signInAddress":"x.1password.com","secretKey":")" +
                             maker.make("<u:180>") + "\"}");
  built["grafana-cloud-token"] =
      std::string("glc") + "_" +
      base64Encode(R"({"o":"1","n":"x","k":")" + maker.make("<a:40>") + "\"}");
  built["grafana-api-key"] =
      base64Encode(R"({"k":")" + maker.make("<a:48>") + R"(","n":"ci","id":1})");
  built["cloudflare-tunnel-token"] =
      base64Encode(R"({"a":")" + maker.make("<h:32>") + R"(","t":")" + maker.make("<h:36>") +
                   R"(","s":")" + maker.make("<s:44>") + "\"}");
  built["nats-seed"] = nkeySample(maker);
  built["otp-secret"] = "otpauth://totp/Shop:ops?issuer=Shop&secret=" +
                        maker.run("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32);
  built["azure-client-secret"] = maker.make("<a:3>8Q") + "~" + maker.make("<a:34>");
  built["discord-bot-token"] =
      SampleMaker::base64Url("2" + maker.make("<d:17>")) + "." + maker.make("<a:6>.<b:27>");
  return built;
}

std::set<std::string> rulesIn(const std::string& text) {
  std::set<std::string> rules;
  for (const SecretHit& hit : scanText(text)) rules.insert(std::string(hit.rule));
  return rules;
}

const SecretRule* ruleNamed(std::string_view id) {
  for (const SecretRule& rule : secretRules()) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

TEST(SecretRules, EveryRuleHasAnExampleAndASource) {
  SampleMaker maker;
  std::set<std::string> covered{"age-secret-key"};  // its own test, it needs a checksum
  for (const Example& example : kExamples) covered.insert(example.rule);
  for (const auto& [rule, text] : builtExamples(maker)) covered.insert(rule);
  std::set<std::string_view> ids;
  for (const SecretRule& rule : secretRules()) {
    EXPECT_TRUE(covered.contains(std::string(rule.id))) << rule.id;
    EXPECT_FALSE(rule.source.empty()) << rule.id;
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id << " twice";
  }
  EXPECT_GE(ids.size(), 180U);
}

TEST(SecretRules, FindWhatIsOfTheirForm) {
  SampleMaker maker;
  for (int round = 0; round < 20; ++round) {
    for (const Example& example : kExamples) {
      std::string text = "value: " + maker.make(example.form) + "\n";
      auto hits = scanText(text);
      ASSERT_EQ(hits.size(), 1U) << example.rule << ", round " << round;
      EXPECT_EQ(hits[0].rule, example.rule);
      const SecretRule* rule = ruleNamed(example.rule);
      ASSERT_NE(rule, nullptr) << example.rule;
      EXPECT_EQ(hits[0].tier, rule->tier) << example.rule;
      EXPECT_EQ(hits[0].evidence.detail.find(std::string(hits[0].value)), std::string::npos);
    }
    for (const auto& [rule, text] : builtExamples(maker)) {
      EXPECT_EQ(rulesIn("x=" + text + " "), std::set<std::string>{rule}) << round;
    }
  }
}

// "<a:36>" -> "xxxxxxxx...": what documentation puts there.
std::string placeholder(std::string_view form, char filler) {
  std::string text;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '~') continue;
    if (form[i] != '<') {
      text += form[i];
      continue;
    }
    size_t end = form.find('>', i);
    std::string_view piece = form.substr(i + 1, end - i - 1);
    size_t count = piece == "crc62"    ? 6
                   : piece == "_crc16" ? 9
                                       : std::stoul(std::string(piece.substr(2)));
    text.append(count, filler);
    i = end;
  }
  return text;
}

TEST(SecretRules, EveryExpressionCompiles) {
  for (const SecretRule& rule : secretRules()) {
    EXPECT_TRUE(RE2(std::string(rule.regex), RE2::Quiet).ok()) << rule.id;
  }
  for (const SecretNamedRule& rule : secretNamedRules()) {
    EXPECT_TRUE(RE2(std::string(rule.nameRegex), RE2::Quiet).ok()) << rule.id;
    EXPECT_TRUE(RE2(std::string(rule.valueRegex), RE2::Quiet).ok()) << rule.id;
    EXPECT_FALSE(rule.source.empty()) << rule.id;
  }
  for (const SecretPairRule& rule : secretPairRules()) {
    for (std::string_view regex : {rule.idRegex, rule.secretRegex, rule.nameRegex}) {
      EXPECT_TRUE(RE2(std::string(regex), RE2::Quiet).ok()) << rule.id;
    }
  }
}

TEST(SecretRules, LeavePlaceholdersOfTheSameShapeAlone) {
  for (const Example& example : kExamples) {
    for (char filler : {'x', 'X', '0', 'a', 'A', '1'}) {
      auto hits = rulesIn("value: " + placeholder(example.form, filler));
      EXPECT_TRUE(hits.empty()) << example.rule << " with " << filler;
    }
  }
}

TEST(SecretRules, NeedAWholeToken) {
  SampleMaker maker;
  for (const Example& example : kExamples) {
    std::string text = maker.make(example.form);
    if (text.find("://") != std::string::npos || text.find(' ') != std::string::npos ||
        text.find('=') != std::string::npos || text.starts_with("sk.") ||
        std::string_view(example.rule) == "azure-container-registry-key" ||
        std::string_view(example.rule) == "unleash-token") {  // its project name may be longer
      continue;
    }
    EXPECT_FALSE(rulesIn("prefix" + text).contains(example.rule)) << example.rule;
  }
}

TEST(SecretRules, ABrokenChecksumIsOnlyShown) {
  SampleMaker maker;
  for (const char* form : {"gh~p_<a:36>", "np~m_<a:36>", "gl~sa_<a:32>_<h:8>"}) {
    std::string text = maker.make(form);
    auto hits = scanText(text);
    ASSERT_EQ(hits.size(), 1U) << form;
    EXPECT_EQ(hits[0].tier, Tier::kAlert) << form;
  }
}

// The polynomial of BIP 173, written down a second time.
std::string bech32Sample(SampleMaker& maker) {
  const std::string alphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
  const std::string prefix = "age-secret-key-";
  std::string data = maker.run(alphabet, 52);
  std::vector<unsigned> values;
  for (char c : prefix) values.push_back(static_cast<unsigned>(c) >> 5U);
  values.push_back(0);
  for (char c : prefix) values.push_back(static_cast<unsigned>(c) & 31U);
  for (char c : data) values.push_back(static_cast<unsigned>(alphabet.find(c)));
  for (int i = 0; i < 6; ++i) values.push_back(0);
  unsigned sum = 1;
  const unsigned generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  for (unsigned value : values) {
    unsigned top = sum >> 25U;
    sum = ((sum & 0x1ffffffU) << 5U) ^ value;
    for (unsigned i = 0; i < 5; ++i) sum ^= ((top >> i) & 1U) != 0 ? generator[i] : 0;
  }
  sum ^= 1;
  for (unsigned i = 0; i < 6; ++i) data += alphabet[(sum >> (5 * (5 - i))) & 31U];
  return std::string("AGE-SECRET") + "-KEY-1" + data;
}

TEST(SecretRules, AnAgeKeyIsProvenByItsChecksum) {
  SampleMaker maker;
  std::string key = bech32Sample(maker);
  auto hits = scanText("key " + key);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].tier, Tier::kRemediate);
  key.back() = key.back() == 'Q' ? 'P' : 'Q';
  hits = scanText("key " + key);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].tier, Tier::kAlert);
}

}  // namespace
}  // namespace firebreak::detect
