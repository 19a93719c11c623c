#include "cosim/framework/cosim_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "cosim/framework/bench.h"
#include "cosim/framework/options.h"

namespace coffer::cosim {

namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Scenario undisturbed{"undisturbed", 0, 0, 0, false};

void print(const CosimBlock& block, const Scenario& scenario, const Observed& observed) {
    fmt::print("{} {}: seed {}, {} cycles, {} accepted, {} answered, {} dropped and {} repeated in {} resets\n", block.name, scenario.name, options().seed, observed.cycles,
               observed.accepted, observed.answered, observed.dropped, observed.repeated, observed.resets);
}

std::size_t transfers(const CosimBlock& block) { return options().transfers != 0 ? options().transfers : block.transfers; }

/// A test of one block.
class BlockTest : public testing::Test {
public:
    using Body = void (BlockTest::*)();

    BlockTest(const CosimBlock& block, Body body, const Scenario& scenario) : block_(block), body_(body), scenario_(scenario) {}
    void TestBody() override { (this->*body_)(); }

    /// Random traffic, as the scenario has it.
    void passes() {
        open(block_.device);
        const Traffic traffic = block_.traffic(random_, transfers(block_));
        const double reset_per_cycle = scenario_.reset / block_.cycles_per_session;
        const Observed observed = bench_->run(traffic, scenario_, *scoreboard_, random_, reset_per_cycle);
        print(block_, scenario_, observed);
        ASSERT_TRUE(bench_->failure().empty()) << bench_->failure();
        EXPECT_GE(observed.accepted, traffic.size());
        EXPECT_GT(observed.answered, 0u);
        if (scenario_.reset > 0) {
            EXPECT_GT(observed.resets, 2u);
            EXPECT_GT(observed.dropped + observed.repeated, 0u) << "no reset met work on the way";
        }
        write_coverage();
    }

    void passes_the_vectors() { check_vectors(block_.vectors()); }
    void passes_the_long_vectors() { check_vectors(block_.long_vectors()); }

    void keeps_its_promises() {
        open(block_.device);
        const Traffic alone = one_at_a_time(block_.traffic(random_, 8));
        std::uint64_t longest = 0;
        for (const Traffic& session : sessions(alone)) {
            longest = std::max(longest, bench_->run(session, undisturbed, *scoreboard_, random_).longest);
            ASSERT_TRUE(bench_->failure().empty()) << bench_->failure();
        }
        const auto& steady = block_.steady_traffic ? block_.steady_traffic : block_.traffic;
        const Observed observed = bench_->run(steady(random_, transfers(block_)), undisturbed, *scoreboard_, random_);
        ASSERT_TRUE(bench_->failure().empty()) << bench_->failure();
        ASSERT_GT(observed.answered, 1u);
        const double sustained = static_cast<double>(observed.answering) / static_cast<double>(observed.answered - 1);
        fmt::print("{}: seed {}, alone {} cycles (at most {}), back to back one answer in {:.3f} cycles (at most {})\n", block_.name, options().seed, longest,
                   block_.cycles_alone, sustained, block_.cycles_sustained);
        EXPECT_LE(longest, block_.cycles_alone);
        EXPECT_LE(sustained, block_.cycles_sustained);
    }

    /// An output that is wrong in one cycle, at one level, is found in that cycle, whichever output it is.
    void finds_wrong_outputs() {
        open(block_.device);
        const Traffic traffic = block_.traffic(random_, 20);
        for (const Level level : {Level::systemc, Level::rtl}) {
            for (const Port* port : device_->bundle().outputs()) {
                const unsigned bit = static_cast<unsigned>(random_() % port->width());
                const std::uint64_t cycle = 2 + random_() % 8;
                const std::string what = port->name() + " differs: ";
                bench_->run(traffic, undisturbed, *scoreboard_, random_, 0, Fault{level, port->name(), bit, cycle, false});
                EXPECT_THAT(bench_->failure(), StartsWith(fmt::format("cycle {}: {}", cycle, what)));
            }
        }
    }

    /// A SystemC module, or Verilated model, that computes with another input than the other level's is found.
    void finds_wrong_levels() {
        open(block_.device);
        for (const Level level : {Level::systemc, Level::rtl})
            for_each_field([this, level](const Traffic& traffic, const Port& field, unsigned bit) {
                bench_->run(traffic, undisturbed, *scoreboard_, random_, 0, Fault{level, field.name(), bit, 3, false});
                EXPECT_THAT(bench_->failure(), HasSubstr(" differs: SystemC ")) << field.name() << " bit " << bit;
            });
    }

    /// Where both levels agree on something else than the reference level, the scoreboard tells.
    void finds_wrong_results() {
        open(block_.device);
        for_each_field([this](const Traffic& traffic, const Port& field, unsigned bit) {
            bench_->run(traffic, undisturbed, *scoreboard_, random_, 0, Fault{Level::rtl, field.name(), bit, 3, true});
            EXPECT_THAT(bench_->failure(), HasSubstr("wrong result on ")) << field.name() << " bit " << bit;
        });
    }

    void finds_mutated_rtl() {
        open(block_.mutated_device);
        bench_->run(block_.traffic(random_, transfers(block_)), undisturbed, *scoreboard_, random_);
        EXPECT_THAT(bench_->failure(), HasSubstr(" differs: SystemC "));
    }

private:
    /// Traffic whose answers a standard says.
    void check_vectors(const Traffic& traffic) {
        open(block_.device);
        const Observed observed = bench_->run(traffic, scenario_, *scoreboard_, random_);
        print(block_, scenario_, observed);
        ASSERT_TRUE(bench_->failure().empty()) << bench_->failure();
        std::size_t answers = 0;
        for (const Transfer& transfer : traffic) answers += transfer.expected.empty() ? 0 : 1;
        EXPECT_GT(answers, 0u);
        EXPECT_GE(observed.answered, answers);
        write_coverage();
    }

    void open(const std::function<std::unique_ptr<Device>()>& make) {
        device_ = make();
        if (!options().wave.empty()) device_->open_wave(options().wave);
        bench_ = std::make_unique<Bench>(*device_);
        if (!options().record.empty()) bench_->record(options().record);
        scoreboard_ = block_.scoreboard();
    }

    void write_coverage() {
        if (options().coverage.empty()) return;
        const std::string path = fmt::format("{}/{}.{}.dat", options().coverage, block_.name, scenario_.name);
        check_writable(path);
        device_->write_coverage(path);
    }

    static Traffic one_at_a_time(Traffic traffic) {
        for (Transfer& transfer : traffic) transfer.in_order = true;
        return traffic;
    }

    /// The parts of a traffic that stand alone.
    static std::vector<Traffic> sessions(const Traffic& traffic) {
        std::vector<Traffic> parts;
        for (const Transfer& transfer : traffic) {
            if (!transfer.continues) parts.emplace_back();
            parts.back().push_back(transfer);
        }
        return parts;
    }

    /// Each field of each input channel, with a random bit.
    void for_each_field(const std::function<void(const Traffic&, const Port&, unsigned)>& body) {
        const Traffic traffic = block_.traffic(random_, 200);
        for (const Channel& channel : device_->bundle().channels())
            for (const Port* field : channel.into_block ? channel.fields : std::vector<Port*>{})
                body(traffic, *field, static_cast<unsigned>(random_() % field->width()));
    }

    const CosimBlock& block_;
    Body body_;
    const Scenario scenario_;
    Random random_{options().seed};
    std::unique_ptr<Device> device_;
    std::unique_ptr<Bench> bench_;
    std::unique_ptr<Scoreboard> scoreboard_;
};

void add_test(const CosimBlock& block, const std::string& name, BlockTest::Body body, const Scenario& scenario = undisturbed) {
    testing::RegisterTest(block.name.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&block, body, scenario]() -> testing::Test* { return new BlockTest(block, body, scenario); });
}

}  // namespace

void register_tests(const std::vector<CosimBlock>& blocks) {
    for (const CosimBlock& block : blocks) {
        for (const Scenario& scenario : scenarios()) add_test(block, scenario.name, &BlockTest::passes, scenario);
        if (block.vectors) add_test(block, "vectors", &BlockTest::passes_the_vectors, {"vectors", 0.1, 0.1, 0, false});
        if (block.long_vectors) add_test(block, "long_vectors", &BlockTest::passes_the_long_vectors);
        add_test(block, "keeps_its_promises", &BlockTest::keeps_its_promises);
        add_test(block, "finds_wrong_outputs", &BlockTest::finds_wrong_outputs);
        add_test(block, "finds_wrong_levels", &BlockTest::finds_wrong_levels);
        add_test(block, "finds_wrong_results", &BlockTest::finds_wrong_results);
        add_test(block, "finds_mutated_rtl", &BlockTest::finds_mutated_rtl);
    }
}

}  // namespace coffer::cosim
