// The whole watch (curl, framing, machine, store) against a server that sends exact bytes.
#include "kube/watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "kube/client.h"
#include "kube/curl_transport.h"
#include "support/scripted_server.h"

namespace firebreak::kube {
namespace {

using Connection = ScriptedServer::Connection;
using Request = ScriptedServer::Request;

// Writes down what it is told, one word each; waiting is for a whole history.
class Recorder : public WatchSink {
 public:
  void begin() override { note("begin"); }
  void upsert(std::string_view json, bool initial) override {
    note((initial ? "initial:" : "upsert:") + name(json));
  }
  void erase(std::string_view json) override { note("erase:" + name(json)); }
  void synced() override { note("synced"); }
  void failed(const Error& error) override {
    note("failed");
    std::lock_guard lock(mutex_);
    errors_.push_back(error);
  }
  // What came once there is `count` of it; fewer after ten seconds.
  std::vector<std::string> wait(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return seen_.size() >= count; });
    return seen_;
  }
  std::vector<Error> errors() {
    std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  static std::string name(std::string_view json) {
    auto parsed = parseJson(json, "object");
    return parsed ? stringOr(member(*parsed, {"metadata", "name"})) : "not JSON";
  }
  void note(std::string what) {
    std::lock_guard lock(mutex_);
    seen_.push_back(std::move(what));
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> seen_;
  std::vector<Error> errors_;
};

using History = std::vector<std::string>;

std::string event(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type +
         R"(","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":")" + name +
         R"(","resourceVersion":")" + std::to_string(version) + "\"}}}\n";
}

std::string listEnd(int version) {
  return R"({"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":")" +
         std::to_string(version) +
         R"(","annotations":{"k8s.io/initial-events-end":"true"}}}})"
         "\n";
}

std::string status(int code, const std::string& reason) {
  return R"({"kind":"Status","status":"Failure","code":)" + std::to_string(code) +
         R"(,"reason":")" + reason + R"(","message":"because"})";
}

bool isList(const Request& request) { return request.query.contains("sendInitialEvents"); }

// Each watch request gets the next of these; the last one stays open where nothing else is said.
using Step = std::function<void(const Request&, Connection&)>;

class WatchTest : public ::testing::Test {
 protected:
  void serve(std::vector<Step> steps) {
    server_ = std::make_unique<ScriptedServer>(
        [steps = std::move(steps), this](const Request& request, Connection& connection) {
          if (request.path == "/livez") return connection.answer(200, "ok");
          const size_t at = next_++;
          if (at < steps.size()) return steps[at](request, connection);
          connection.head();
          connection.waitClosed();
        });
    config_.server = server_->url();
    auto transport = makeCurlTransport(config_);
    ASSERT_TRUE(transport) << transport.error().message;
    transport_ = std::move(*transport);
    options_.random = [] { return 0.0; };  // no waiting between attempts
    reflector_ = std::make_unique<Reflector>(*transport_, WatchTarget{kPods, "shop", "", "", false, readOversized_},
                                             sink_, options_);
    reflector_->start();
  }
  void TearDown() override {
    reflector_.reset();
    transport_.reset();
    server_.reset();
  }
  std::vector<Request> watches() {
    std::vector<Request> all = server_->requests();
    std::erase_if(all, [](const Request& request) { return request.path == "/livez"; });
    return all;
  }

  ClusterConfig config_;
  WatchOptions options_;
  bool readOversized_ = false;
  Recorder sink_;
  std::atomic<size_t> next_{0};
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Reflector> reflector_;
};

// The list with pod "a" at version 10; the stream stays open for `then`.
Step listed(Step then) {
  return [then = std::move(then)](const Request& request, Connection& connection) {
    connection.head();
    connection.chunk(event("ADDED", "a", 3) + listEnd(10));
    then(request, connection);
  };
}

void stayOpen(const Request&, Connection& connection) { connection.waitClosed(); }

TEST_F(WatchTest, ReadsAListAndEventsThatComeOneByteAtATime) {
  serve({[](const Request&, Connection& connection) {
    connection.head();
    connection.chunk(event("ADDED", "a", 3) + listEnd(10) + event("MODIFIED", "a", 11) +
                         event("DELETED", "a", 12),
                     true);
    connection.waitClosed();
  }});
  EXPECT_EQ(sink_.wait(5), (History{"begin", "initial:a", "synced", "upsert:a", "erase:a"}));
  const Request first = watches().at(0);
  EXPECT_EQ(first.path, "/api/v1/namespaces/shop/pods");
  EXPECT_EQ(first.headers.at("user-agent").substr(0, 10), "firebreak/");
}

TEST_F(WatchTest, ResumesWhereItWasAfterAnEndWithoutAList) {
  serve({listed([](const Request&, Connection& connection) {
           connection.chunk(event("MODIFIED", "a", 11));
           connection.finish();
         }),
         [](const Request&, Connection& connection) {
           connection.head();
           connection.chunk(event("ADDED", "b", 12));
           connection.waitClosed();
         }});
  EXPECT_EQ(sink_.wait(5), (History{"begin", "initial:a", "synced", "upsert:a", "upsert:b"}));
  const auto seen = watches();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(isList(seen[0]));
  EXPECT_FALSE(isList(seen[1]));
  EXPECT_EQ(seen[1].query.at("resourceVersion"), "11");
}

TEST_F(WatchTest, DropsALineThatWasCutAndResumesBeforeIt) {
  serve({listed([](const Request&, Connection& connection) {
           const std::string line = event("MODIFIED", "a", 11);
           connection.chunk(line.substr(0, line.size() / 2));
           connection.cut();
         }),
         [](const Request&, Connection& connection) {
           connection.head();
           connection.chunk(event("MODIFIED", "a", 11));
           connection.waitClosed();
         }});
  EXPECT_EQ(sink_.wait(5), (History{"begin", "initial:a", "synced", "failed", "upsert:a"}));
  EXPECT_EQ(watches().at(1).query.at("resourceVersion"), "10");
}

TEST_F(WatchTest, ResumesAfterAReset) {
  serve({listed([](const Request&, Connection& connection) {
           connection.chunk(event("MODIFIED", "a", 11));
           connection.reset();
         }),
         [](const Request&, Connection& connection) {
           connection.head();
           connection.chunk(event("DELETED", "a", 12));
           connection.waitClosed();
         }});
  // The reset may overtake what was sent before it; then the version before is asked for.
  ASSERT_TRUE(server_->waitForRequests(2));
  EXPECT_FALSE(isList(watches().at(1)));
}

TEST_F(WatchTest, ListsAgainAfterA410InTheStream) {
  serve({listed([](const Request&, Connection& connection) {
           connection.chunk(R"({"type":"ERROR","object":)" + status(410, "Expired") + "}\n");
           connection.waitClosed();
         }),
         [](const Request&, Connection& connection) {
           connection.head();
           connection.chunk(event("ADDED", "b", 20) + listEnd(21));
           connection.waitClosed();
         }});
  EXPECT_EQ(sink_.wait(6),
            (History{"begin", "initial:a", "synced", "begin", "initial:b", "synced"}));
  EXPECT_TRUE(isList(watches().at(1)));
}

TEST_F(WatchTest, ListsAgainAfterA410AtConnect) {
  serve({listed([](const Request&, Connection& connection) {
           connection.chunk(event("MODIFIED", "a", 11));
           connection.finish();
         }),
         [](const Request&, Connection& connection) {
           connection.answer(410, status(410, "Expired"));
         },
         [](const Request&, Connection& connection) {
           connection.head();
           connection.chunk(listEnd(21));
           connection.waitClosed();
         }});
  EXPECT_EQ(sink_.wait(6),
            (History{"begin", "initial:a", "synced", "upsert:a", "begin", "synced"}));
  EXPECT_TRUE(isList(watches().at(2)));
}

TEST_F(WatchTest, ListsInPagesWhereTheServerHasNoStreamingList) {
  serve(
      {[](const Request&, Connection& connection) {
         connection.answer(422, status(422, "Invalid"));
       },
       [](const Request&, Connection& connection) {
         connection.answer(
             200,
             R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"30","continue":"t"},"items":[{"metadata":{"name":"a"}}]})");
       },
       [](const Request&, Connection& connection) {
         connection.answer(
             200,
             R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"30"},"items":[{"metadata":{"name":"b"}}]})");
       },
       [](const Request&, Connection& connection) {
         connection.head();
         connection.chunk(event("ADDED", "c", 31));
         connection.waitClosed();
       }});
  EXPECT_EQ(sink_.wait(5), (History{"begin", "initial:a", "initial:b", "synced", "upsert:c"}));
  const auto seen = watches();
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[1].query.at("limit"), "500");
  EXPECT_EQ(seen[2].query.at("continue"), "t");
  EXPECT_EQ(seen[3].query.at("resourceVersion"), "30");
  EXPECT_FALSE(isList(seen[3])) << "sendInitialEvents is never for a resume";
}

std::string largeEvent(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type +
         R"(","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":")" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("},"spec":{"a":["x",")" +
         std::string(5000, 'x') + "\"]}}}\n";
}

TEST_F(WatchTest, SkipsAnObjectThatIsTooLargeAndGoesOn) {
  options_.maxLineBytes = 1000;
  serve({listed([](const Request&, Connection& connection) {
    connection.chunk(largeEvent("MODIFIED", "a", 11) + event("MODIFIED", "a", 12));
    connection.waitClosed();
  })});
  EXPECT_EQ(sink_.wait(4), (History{"begin", "initial:a", "synced", "upsert:a"}));
  EXPECT_EQ(reflector_->stats().oversized, 1u);
}

TEST_F(WatchTest, DeletesAnObjectThatIsTooLarge) {
  options_.maxLineBytes = 1000;
  serve({listed([](const Request&, Connection& connection) {
    connection.chunk(largeEvent("DELETED", "a", 11));
    connection.waitClosed();
  })});
  EXPECT_EQ(sink_.wait(4), (History{"begin", "initial:a", "synced", "erase:a"}));
}

TEST_F(WatchTest, JudgesTheBeginningOfAnObjectThatIsTooLarge) {
  options_.maxLineBytes = 1000;
  readOversized_ = true;
  serve({listed([](const Request&, Connection& connection) {
    connection.chunk(largeEvent("ADDED", "b", 11) + std::string(2000, 'x') + "\n" +
                     event("MODIFIED", "a", 12));
    connection.waitClosed();
  })});
  EXPECT_EQ(sink_.wait(5), (History{"begin", "initial:a", "synced", "upsert:b", "upsert:a"}))
      << "and what cannot be read at all forces no list: it would only come again";
  EXPECT_EQ(reflector_->stats().oversized, 2u);
  EXPECT_NE(metricsText().find("firebreak_watch_oversized_total{resource=\"pods\"}"),
            std::string::npos);
}

TEST_F(WatchTest, ReadsALineOfSeveralMegabytes) {
  serve({listed([](const Request&, Connection& connection) {
    connection.chunk(event("MODIFIED", std::string(3 << 20, 'x'), 11));
    connection.chunk(event("MODIFIED", "a", 12));
    connection.waitClosed();
  })});
  const auto seen = sink_.wait(5);
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen[3].size(), 7u + (3U << 20));
  EXPECT_EQ(seen[4], "upsert:a");
}

TEST_F(WatchTest, CountsABadLineAndListsAgain) {
  serve({listed([](const Request&, Connection& connection) {
           connection.chunk("{\"type\":\"MODIFIED\",\"object\":\n");
           connection.waitClosed();
         }),
         listed(stayOpen)});
  EXPECT_EQ(sink_.wait(7),
            (History{"begin", "initial:a", "synced", "failed", "begin", "initial:a", "synced"}));
  EXPECT_EQ(reflector_->stats().badLines, 1u);
}

TEST_F(WatchTest, IgnoresTypesThatItDoesNotKnow) {
  serve({listed([](const Request&, Connection& connection) {
    connection.chunk(event("SOMETHING", "x", 11) + "\n" + event("MODIFIED", "a", 12));
    connection.waitClosed();
  })});
  EXPECT_EQ(sink_.wait(4), (History{"begin", "initial:a", "synced", "upsert:a"}));
}

TEST_F(WatchTest, SaysWhyItIsForbiddenAndKeepsAsking) {
  serve({[](const Request&, Connection& connection) {
           connection.answer(403, status(403, "Forbidden"));
         },
         listed(stayOpen)});
  EXPECT_EQ(sink_.wait(5), (History{"begin", "failed", "begin", "initial:a", "synced"}));
  const auto errors = sink_.errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].code, ErrorCode::kForbidden);
  EXPECT_EQ(errors[0].message.substr(0, 34), "watch pods in shop: because; grant");
}

TEST_F(WatchTest, ReadsTheTokenAgainAfterA401) {
  const std::string token = testing::TempDir() + "firebreak-token-" + std::to_string(getpid());
  std::ofstream(token) << "old\n";
  config_.tokenFile = token;
  const Step guarded = [token](const Request& request, Connection& connection) {
    if (request.headers.at("authorization") != "Bearer new") {
      std::ofstream(token) << "new\n";
      return connection.answer(401, status(401, "Unauthorized"));
    }
    connection.head();
    connection.chunk(listEnd(10));
    connection.waitClosed();
  };
  serve({guarded, guarded, guarded});
  const auto seen = sink_.wait(4);
  EXPECT_EQ(seen, (History{"begin", "failed", "begin", "synced"}));
  std::remove(token.c_str());
}

TEST_F(WatchTest, SaysNothingToTheSinkAfterStop) {
  serve({listed([](const Request&, Connection& connection) {
    while (connection.open()) connection.chunk(event("MODIFIED", "a", 11));
  })});
  sink_.wait(10);
  reflector_->stop();
  const size_t before = sink_.wait(0).size();
  // Another request goes through the same thread, so whatever was under way has happened by then.
  Client client(*transport_);
  EXPECT_TRUE(client.rawGet("/livez"));
  EXPECT_EQ(sink_.wait(0).size(), before);
}

TEST_F(WatchTest, NoticesAServerThatWentSilentByAskingIt) {
  // The server takes pings and never answers them.
  server_ = std::make_unique<ScriptedServer>([](const Request& request, Connection& connection) {
    if (request.path == "/livez") return connection.waitClosed();
    connection.head();
    connection.chunk(event("ADDED", "a", 3) + listEnd(10));
    connection.waitClosed();
  });
  config_.server = server_->url();
  CurlOptions options;
  options.pingEvery = std::chrono::milliseconds(50);
  options.pingTimeout = std::chrono::milliseconds(50);
  auto transport = makeCurlTransport(config_, options);
  ASSERT_TRUE(transport);
  transport_ = std::move(*transport);
  options_.random = [] { return 0.0; };
  reflector_ = std::make_unique<Reflector>(*transport_, WatchTarget{kPods, "shop", "", "", false},
                                           sink_, options_);
  reflector_->start();
  const auto seen = sink_.wait(4);
  ASSERT_GE(seen.size(), 4u);
  EXPECT_EQ(seen[3], "failed") << "the connection was cut, so that the watch could start again";
}

TEST_F(WatchTest, FailsWhatWaitsWhenTheTransportStops) {
  serve({listed(stayOpen)});
  sink_.wait(3);
  Client client(*transport_, {std::chrono::seconds(30), 1, std::chrono::seconds(1)});
  std::thread stopper([&] {
    server_->waitForRequests(2);
    transport_->stop();
  });
  auto answer = client.get(kPods, "shop", "never");  // stays open by default
  stopper.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "get Pod shop/never: the client is shutting down");
  EXPECT_FALSE(client.rawGet("/livez")) << "later calls fail at once";
}

}  // namespace
}  // namespace firebreak::kube
