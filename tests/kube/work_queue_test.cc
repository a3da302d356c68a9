#include "kube/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "support/fake_clock.h"

namespace firebreak::kube {
namespace {

using std::chrono::milliseconds;

class WorkQueueTest : public ::testing::Test {
 protected:
  FakeClock clock;
  WorkQueue queue{clock};
};

TEST_F(WorkQueueTest, HoldsAKeyOnceAndInOrder) {
  for (const char* key : {"a", "b", "a", "c"}) queue.add(key);
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.tryGet(), "a");
  EXPECT_EQ(queue.tryGet(), "b");
  EXPECT_EQ(queue.tryGet(), "c");
  EXPECT_EQ(queue.tryGet(), std::nullopt);
}

TEST_F(WorkQueueTest, GivesAKeyToOneWorkerAndKeepsWhatIsAddedMeanwhile) {
  queue.add("a");
  ASSERT_EQ(queue.tryGet(), "a");
  queue.add("a");
  queue.add("a");
  EXPECT_EQ(queue.tryGet(), std::nullopt);
  queue.done("a");
  EXPECT_EQ(queue.tryGet(), "a");
  queue.done("a");
  EXPECT_EQ(queue.tryGet(), std::nullopt);
  EXPECT_TRUE(queue.idle());
}

TEST_F(WorkQueueTest, HandsOutUrgentKeysFirst) {
  queue.add("first list", QueuePriority::kBackground);
  queue.add("change");
  queue.add("miner", QueuePriority::kUrgent);
  queue.add("first list", QueuePriority::kUrgent);  // raised
  queue.add("miner", QueuePriority::kBackground);   // never lowered
  EXPECT_EQ(queue.tryGet(), "miner");
  EXPECT_EQ(queue.tryGet(), "first list");
  EXPECT_EQ(queue.tryGet(), "change");
  EXPECT_EQ(queue.tryGet(), std::nullopt);
}

TEST_F(WorkQueueTest, ReleasesADelayedKeyWhenItIsDueAndTheEarliestOfTwo) {
  queue.addAfter("a", milliseconds(100));
  queue.addAfter("a", milliseconds(50));
  queue.addAfter("a", milliseconds(200));
  EXPECT_EQ(queue.tryGet(), std::nullopt);
  EXPECT_FALSE(queue.idle());
  clock.advance(milliseconds(49));
  EXPECT_EQ(queue.tryGet(), std::nullopt);
  clock.advance(milliseconds(1));
  EXPECT_EQ(queue.tryGet(), "a");
  queue.done("a");
  clock.advance(milliseconds(500));
  EXPECT_EQ(queue.tryGet(), std::nullopt) << "once is enough";
}

TEST_F(WorkQueueTest, KeepsADelayedKeyApartFromTheSameKeyInWork) {
  queue.add("a");
  ASSERT_EQ(queue.tryGet(), "a");
  queue.addAfter("a", milliseconds(10));
  clock.advance(milliseconds(10));
  EXPECT_EQ(queue.tryGet(), std::nullopt);
  queue.done("a");
  EXPECT_EQ(queue.tryGet(), "a");
}

TEST_F(WorkQueueTest, WaitsLongerAfterEachFailureOfAKeyAndStartsOverAfterSuccess) {
  EXPECT_EQ(queue.addAfterFailure("a"), milliseconds(5));
  EXPECT_EQ(queue.addAfterFailure("a"), milliseconds(10));
  EXPECT_EQ(queue.addAfterFailure("b"), milliseconds(5));
  for (int i = 0; i < 40; ++i) queue.addAfterFailure("a");
  EXPECT_EQ(queue.addAfterFailure("a"), milliseconds(120'000));
  queue.forget("a");
  EXPECT_EQ(queue.failures("a"), 0);
  EXPECT_EQ(queue.addAfterFailure("a"), milliseconds(5));
}

TEST_F(WorkQueueTest, WakesEverybodyOnShutdown) {
  std::vector<std::thread> workers;
  std::atomic<int> ended{0};
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      EXPECT_EQ(queue.get(), std::nullopt);
      ++ended;
    });
  }
  queue.shutdown();
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(ended, 3);
  queue.add("late");
  EXPECT_EQ(queue.tryGet(), std::nullopt);
}

TEST_F(WorkQueueTest, NeverLetsTwoWorkersHaveOneKeyNorLosesAnAdd) {
  std::map<std::string, std::atomic<int>> inWork;
  std::map<std::string, std::atomic<int>> wanted;
  std::map<std::string, std::atomic<int>> handled;
  for (int i = 0; i < 5; ++i) {
    const std::string key = std::to_string(i);
    inWork[key] = wanted[key] = handled[key] = 0;
  }
  std::vector<std::thread> threads;
  for (int w = 0; w < 3; ++w) {
    threads.emplace_back([&] {
      while (auto key = queue.get()) {
        EXPECT_EQ(++inWork.at(*key), 1);
        handled.at(*key) = wanted.at(*key).load();
        --inWork.at(*key);
        queue.done(*key);
      }
    });
  }
  for (int i = 0; i < 5000; ++i) {
    const std::string key = std::to_string(i % 5);
    ++wanted.at(key);
    queue.add(key);
  }
  while (!queue.idle()) std::this_thread::yield();
  queue.shutdown();
  for (auto& thread : threads) thread.join();
  for (auto& [key, count] : wanted) EXPECT_EQ(handled.at(key), count) << key;
}

}  // namespace
}  // namespace firebreak::kube
