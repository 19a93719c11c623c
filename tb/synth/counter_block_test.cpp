#include "aise/counter_block_synth.h"

#include <gtest/gtest.h>

#include <tuple>

#include "aise/chip_number.h"
#include "aise/counter_block.h"
#include "synth/clocked_bench.h"
#include "synth/words.h"

namespace coffer::synth::test {
namespace {

using Operation = synth::CounterBlock;

struct Request {
    unsigned operation = Operation::extract;
    coffer::CounterBlock block;
    unsigned line = 0;
    Lpid fresh_lpid = 0;
    Lpid lpid_floor = 0;
    std::uint16_t chip = 0;
};

/// Block, LPID, minor, overflow, stale, lines to re-encrypt.
using Answer = std::tuple<sc_dt::sc_biguint<512>, Lpid, unsigned, bool, bool, std::uint64_t>;

/// The operations in terms of the reference class; docs/formats.md, section 2.
Answer expected_answer(const Request& request) {
    coffer::CounterBlock block = request.block;
    const bool next = request.operation == Operation::next;
    const bool at_end = next && block.minor(request.line) == coffer::CounterBlock::last_minor;
    const bool stale = next && (block.lpid() < request.lpid_floor || chip_of(block.lpid()) != request.chip);
    std::uint64_t reencrypt = 0;
    if (at_end || stale || request.operation == Operation::overflow)
        for (unsigned line = 0; line < lines_per_page; ++line)
            if (line != request.line && block.minor(line) != 0) reencrypt |= std::uint64_t{1} << line;

    if (next && !at_end && !stale) block.set_minor(request.line, block.minor(request.line) + 1);
    if (request.operation == Operation::shred || request.operation == Operation::overflow) block = coffer::CounterBlock::fresh(request.fresh_lpid);
    if (request.operation == Operation::overflow) {
        for (unsigned line = 0; line < lines_per_page; ++line)
            if (reencrypt >> line & 1 || line == request.line) block.set_minor(line, 1);
    }
    return {little_endian<512>(block.bytes()), block.lpid(), block.minor(request.line), at_end, stale, reencrypt};
}

struct CounterBlockBench {
    CounterBlockBench() {
        bench.clock(module);
        source.bind(module.in_valid, module.in_ready);
        sink.bind(module.out_valid, module.out_ready);
        module.in_operation(operation);
        module.in_block(in_block);
        module.in_line(line);
        module.in_fresh_lpid(fresh_lpid);
        module.in_lpid_floor(lpid_floor);
        module.in_chip(chip);
        module.out_block(out_block);
        module.out_lpid(lpid);
        module.out_minor(minor);
        module.out_overflow(overflow);
        module.out_stale(stale);
        module.out_reencrypt(reencrypt);
    }

    void show(const Request& request) {
        operation = request.operation;
        in_block = little_endian<512>(request.block.bytes());
        line = request.line;
        fresh_lpid = request.fresh_lpid;
        lpid_floor = request.lpid_floor;
        chip = request.chip;
    }
    Answer read() const {
        return {out_block.read(), lpid.read().to_uint64(), minor.read().to_uint(), overflow.read(), stale.read(), reencrypt.read().to_uint64()};
    }
    void ask(const Request& request) {
        source.send(request);
        sink.expect(expected_answer(request));
    }

    /// Lines that were never or often written, LPIDs about the floor and of other chips.
    Request any_request() {
        Request request;
        auto& random = bench.random;
        const auto any_of = [&](std::initializer_list<std::uint64_t> values) { return values.begin()[random() % values.size()]; };
        request.operation = static_cast<unsigned>(random() % 4);
        request.line = static_cast<unsigned>(random() % lines_per_page);
        request.chip = static_cast<std::uint16_t>(any_of({1, 0xffff, random() % 0x10000}));
        const std::uint64_t chip_bits = std::uint64_t{request.chip} << 48;
        request.lpid_floor = chip_bits | any_of({1, 1000, random() >> 16});
        const Lpid block_lpid = any_of({request.lpid_floor, request.lpid_floor - 1, request.lpid_floor + 1, random(), chip_bits | random() >> 16, 0});
        request.fresh_lpid = random();
        request.block = coffer::CounterBlock::fresh(block_lpid);
        const std::uint64_t untouched = any_of({0, ~std::uint64_t{0}, random()});
        for (unsigned i = 0; i < lines_per_page; ++i)
            if ((untouched >> i & 1) == 0) request.block.set_minor(i, static_cast<unsigned>(any_of({0, 1, 126, 127, random() % 128})));
        if (random() % 4 == 0) request.block.set_minor(request.line, coffer::CounterBlock::last_minor);
        return request;
    }

    ClockedBench bench;
    synth::CounterBlock module{"counter_block"};
    Source<Request> source{bench, [this](const Request& request) { show(request); }};
    Sink<Answer> sink{bench, [this] { return read(); }};

private:
    sc_core::sc_signal<sc_dt::sc_uint<2>> operation;
    sc_core::sc_signal<sc_dt::sc_biguint<512>> in_block;
    sc_core::sc_signal<sc_dt::sc_uint<6>> line;
    sc_core::sc_signal<sc_dt::sc_uint<64>> fresh_lpid;
    sc_core::sc_signal<sc_dt::sc_uint<64>> lpid_floor;
    sc_core::sc_signal<sc_dt::sc_uint<16>> chip;
    sc_core::sc_signal<sc_dt::sc_biguint<512>> out_block;
    sc_core::sc_signal<sc_dt::sc_uint<64>> lpid;
    sc_core::sc_signal<sc_dt::sc_uint<7>> minor;
    sc_core::sc_signal<bool> overflow;
    sc_core::sc_signal<bool> stale;
    sc_core::sc_signal<sc_dt::sc_uint<64>> reencrypt;
};

TEST(CounterBlockSynth, CountsTheWorkedExample) {
    CounterBlockBench b;
    b.bench.reset();
    const Lpid lpid = 0x0001000000000005;
    Request request;
    request.operation = Operation::next;
    request.line = 2;
    request.lpid_floor = lpid;
    request.chip = 1;
    request.block = coffer::CounterBlock::fresh(lpid);
    for (unsigned writes = 1; writes <= 3; ++writes) {
        b.source.send(request);
        request.block.set_minor(2, writes);
        b.sink.expect(Answer{little_endian<512>(request.block.bytes()), lpid, writes, false, false, 0});
    }
    EXPECT_EQ(to_hex({request.block.bytes().data(), 11}), "050000000000010000c000");
    b.bench.run(10);
}

TEST(CounterBlockSynth, EveryMinorOfEveryLineGoesUpAndOverflowsAt127) {
    CounterBlockBench b;
    b.bench.reset();
    for (unsigned line = 0; line < lines_per_page; ++line)
        for (unsigned minor = 0; minor <= coffer::CounterBlock::last_minor; ++minor) {
            Request request;
            request.operation = Operation::next;
            request.chip = 1;
            request.line = line;
            request.block = coffer::CounterBlock::fresh(0x0001000000000001);
            request.block.set_minor(line, minor);
            b.source.send(request);
            const bool at_end = minor == coffer::CounterBlock::last_minor;
            if (!at_end) request.block.set_minor(line, minor + 1);
            b.sink.expect(Answer{little_endian<512>(request.block.bytes()), request.block.lpid(), at_end ? minor : minor + 1, at_end, false, 0});
        }
    b.bench.run(lines_per_page * 128 + 2);
}

TEST(CounterBlockSynth, AgreesWithTheReferenceUnderRandomTrafficAndStalls) {
    CounterBlockBench b;
    b.bench.reset();
    for (const unsigned percent : {0u, 30u, 90u}) {
        b.source.stall(percent);
        for (const unsigned waiting : {0u, 50u, 90u}) {
            b.sink.stall(waiting);
            for (int i = 0; i < 300; ++i) b.ask(b.any_request());
            b.bench.run(20000);
        }
    }
}

TEST(CounterBlockSynth, AnswersInTheNextCycleOnePerCycle) {
    CounterBlockBench b;
    b.bench.reset();
    for (int i = 0; i < 50; ++i) b.ask(b.any_request());
    b.bench.run(100);
    for (std::size_t i = 0; i < 50; ++i) {
        EXPECT_EQ(b.source.cycles()[i], i);
        EXPECT_EQ(b.sink.cycles()[i], i + 1);
    }
}

TEST(CounterBlockSynth, AResetDropsTheAnswerThatWaits) {
    CounterBlockBench b;
    b.bench.reset();
    b.sink.stall(100);
    b.source.send(b.any_request());
    for (int i = 0; i < 3; ++i) b.bench.step();
    b.bench.reset();
    b.sink.forget();
    b.sink.stall(0);
    b.ask(b.any_request());
    b.bench.run(3);
}

}  // namespace
}  // namespace coffer::synth::test
