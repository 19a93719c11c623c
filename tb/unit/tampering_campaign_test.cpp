// Thousands of random tamperings with memory that later reads depend on. After each, every line of every VM is read: what was tampered with is named
// exactly, or had no effect and all data are those of the plain model. There is no third outcome.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "bmt/tree_geometry.h"
#include "memory/protected_memory.h"
#include "unit/fixtures.h"
#include "unit/machine.h"

namespace coffer {
namespace {

constexpr std::size_t trials = 10'000;
constexpr std::uint64_t frames = 256;
constexpr unsigned most_vms = 4;

/// A run of bytes in memory that is verified as a whole: a line, its tag, a counter block or a node.
struct Block {
    enum class What { data, tag, counters, node };
    What what;
    Address address;
    std::size_t bytes;
};

class Trial {
public:
    struct Outcome {
        bool effect = false;                         ///< at least one line could not be read
        std::map<Check, std::uint64_t> violations;   ///< the first of each VM, by check
        std::vector<std::string> tamperings;
    };

    /// What the campaign has to find.
    enum class Fault { none, no_tree, no_checks, unknown_tampering };

    explicit Trial(std::uint64_t seed, Fault fault = Fault::none)
        : random_(seed),
          fault_(fault),
          state_(any_state()),
          parameters_(any_parameters()),
          lpids_(nonvolatile_),
          memory_(parameters_, store_, lpids_),
          map_(memory_.map()) {}

    /// Throws Mismatch where a tampering has the third outcome.
    Outcome run() {
        make_vms();
        write_lines(1.0);
        for (const Vm& vm : vms_) memory_.flush(vm.vmid);
        old_ = store_;
        write_lines(0.7);
        if (state_ != State::hot)
            for (const Vm& vm : vms_) memory_.flush(vm.vmid);
        if (state_ == State::warm) warm_up();
        good_ = store_;
        const std::size_t count = below(2) == 0 ? 1 : 2 + below(3);
        for (std::size_t i = 0; i < count; ++i) tamper();
        bad_ = store_;
        if (fault_ == Fault::unknown_tampering) flip(target(any_of(vms_)));
        sweep();
        return outcome_;
    }

    const std::vector<std::string>& tamperings() const { return outcome_.tamperings; }

private:
    /// What of the metadata is on chip when memory is tampered with: nothing; some pages' paths, clean; whatever a small cache holds, dirty or not.
    enum class State { cold, warm, hot };

    struct Vm {
        Vmid vmid;
        std::uint64_t pages;
        Address tree_base;
        std::map<Gpn, Address> written;    ///< frames of the populated pages
        std::map<Gpn, Address> untouched;  ///< frames of the others
        std::map<std::pair<Gpn, unsigned>, Block64> lines;
    };

    std::uint64_t below(std::uint64_t end) { return random_() % end; }
    template <class Container>
    const typename Container::value_type& any_of(const Container& from) {
        return *std::next(from.begin(), static_cast<std::ptrdiff_t>(below(from.size())));
    }
    template <class T>
    T one_of(std::initializer_list<T> from) {
        return from.begin()[below(from.size())];
    }

    State any_state() { return below(10) == 0 ? State::hot : below(3) == 0 ? State::warm : State::cold; }

    ProtectedMemoryParameters any_parameters() {
        ProtectedMemoryParameters p = small_memory();
        p.data_bytes = frames * page_bytes;
        // A VM whose entry leaves its register set takes its metadata from the cache.
        p.vm_table_slots = state_ == State::warm ? 1 + most_vms : static_cast<unsigned>(2 + below(most_vms));
        if (state_ == State::hot) p.metadata_cache = {1 + below(2), static_cast<unsigned>(2 + below(3))}, p.metadata_chip_ways = 1;
        p.scheme.integrity = fault_ == Fault::no_tree ? Integrity::mac : fault_ == Fault::no_checks ? Integrity::none : Integrity::bmt;
        if (below(2) == 0) {
            p.scheme.data_mac = one_of({MacAlgorithm::gcm, MacAlgorithm::cmac, MacAlgorithm::hmac_sha1, MacAlgorithm::hmac_sha256});
            p.scheme.node_mac = one_of({MacAlgorithm::cmac, MacAlgorithm::hmac_sha1, MacAlgorithm::hmac_sha256});
            do p.scheme.tag_bytes = one_of({4u, 8u, 16u, 32u});
            while (p.scheme.tag_bytes > mac_bytes(p.scheme.data_mac));
            do p.scheme.node_tag_bytes = one_of({4u, 8u, 16u, 32u});
            while (p.scheme.node_tag_bytes > mac_bytes(p.scheme.node_mac));
        }
        if (!p.scheme.short_tags() && below(2) == 0) p.on_violation = OnViolation::report;
        return p;
    }

    void make_vms() {
        std::vector<Address> free;
        for (Address frame = 0; frame < frames; ++frame) free.push_back(frame * page_bytes);
        std::shuffle(free.begin(), free.end(), random_);
        const auto take = [&] {
            const Address frame = free.back();
            free.pop_back();
            return frame;
        };
        const std::uint64_t count = 2 + below(most_vms - 1);
        for (std::uint64_t i = 0; i < count; ++i) {
            Vm vm{static_cast<Vmid>(first_guest_vmid + i), one_of<std::uint64_t>({1, 3, 5, 17, 40}), 0, {}, {}, {}};
            memory_.install(vm_of(vm.vmid, vm.pages));
            vm.tree_base = memory_.entry(vm.vmid).tree_base;
            for (std::uint64_t page = 1 + below(5); page > 0; --page)
                if (const Gpn gpn = below(vm.pages); vm.written.count(gpn) == 0) vm.written[gpn] = take();
            for (Gpn gpn = 0; gpn < vm.pages; ++gpn)
                if (vm.written.count(gpn) == 0) vm.untouched[gpn] = take();
            for (const auto& [gpn, frame] : vm.written)
                for (std::uint64_t line = 1 + below(6); line > 0; --line) vm.lines[{gpn, static_cast<unsigned>(below(lines_per_page))}];
            vms_.push_back(vm);
        }
    }

    /// Writes each line with the given probability, at least one of each VM.
    void write_lines(double probability) {
        for (Vm& vm : vms_) {
            bool first = true;
            for (auto& [place, data] : vm.lines) {
                if (!first && std::bernoulli_distribution(1 - probability)(random_)) continue;
                first = false;
                for (std::size_t i = 0; i < data.size(); i += 8) store_le64(data.data() + i, random_());
                const Address offset = place.second * line_bytes;
                if (const auto violation =
                        memory_.write_line(vm.vmid, place.first * page_bytes + offset, vm.written.at(place.first) + offset, data.data()))
                    throw Mismatch("false alarm: " + violation->describe());
            }
        }
    }

    void warm_up() {
        for (const Vm& vm : vms_) {
            if (below(2) == 0) continue;
            const auto& [gpn, frame] = any_of(vm.written);
            Block64 data;
            if (memory_.read_line(vm.vmid, gpn * page_bytes, frame, data.data())) throw Mismatch("false alarm");
            trusted_.insert(map_.counter_of(frame));
            const TreeGeometry geometry = geometry_of(vm);
            for (unsigned level = 1; level <= geometry.levels(); ++level) trusted_.insert(node_address(vm, geometry, level, gpn));
        }
    }

    TreeGeometry geometry_of(const Vm& vm) const { return TreeGeometry(vm.pages, parameters_.scheme.node_tag_bytes); }
    static std::uint64_t ancestor(const TreeGeometry& geometry, unsigned level, Gpn gpn) {
        for (unsigned l = 0; l < level; ++l) gpn /= geometry.arity();
        return gpn;
    }
    static Address node_address(const Vm& vm, const TreeGeometry& geometry, unsigned level, Gpn gpn) {
        return vm.tree_base + geometry.offset_of(level, ancestor(geometry, level, gpn));
    }

    // Tampering

    Block data_of(const Vm& vm, Gpn gpn, unsigned line) const { return {Block::What::data, vm.written.at(gpn) + line * line_bytes, line_bytes}; }
    Block tag_of(const Vm& vm, Gpn gpn, unsigned line) const {
        return {Block::What::tag, map_.tag_of(vm.written.at(gpn) + line * line_bytes), parameters_.scheme.tag_bytes};
    }
    Block counters_of(const Vm& vm, Gpn gpn) const { return {Block::What::counters, map_.counter_of(vm.written.at(gpn)), line_bytes}; }
    Block node_of(const Vm& vm, unsigned level, Gpn gpn) const {
        return {Block::What::node, node_address(vm, geometry_of(vm), level, gpn), line_bytes};
    }

    /// A block that a later read depends on, of any kind or of the given one.
    Block target(const Vm& vm, std::optional<Block::What> kind = std::nullopt) {
        for (;;) {
            const auto& [gpn, line] = any_of(vm.lines).first;
            const Block::What what = kind ? *kind : static_cast<Block::What>(below(4));
            const Block block = what == Block::What::data       ? data_of(vm, gpn, line)
                                : what == Block::What::tag      ? tag_of(vm, gpn, line)
                                : what == Block::What::counters ? counters_of(vm, gpn)
                                                                : node_of(vm, 1 + static_cast<unsigned>(below(geometry_of(vm).levels())), gpn);
            if (trusted_.count(block.address) == 0 || kind) return block;
        }
    }

    void tamper() {
        const Vm& vm = any_of(vms_);
        switch (below(4)) {
            case 0:
            case 1: flip(target(vm)); break;
            case 2: splice(target(vm)); break;
            default: replay(vm); break;
        }
    }

    void note(const char* how, const Block& block) {
        static constexpr const char* names[] = {"data", "tag", "counter block", "node"};
        outcome_.tamperings.push_back(fmt::format("{} {}", how, names[static_cast<int>(block.what)]));
    }

    void flip(const Block& block) {
        std::set<std::uint64_t> bits;
        for (std::uint64_t flips = 1 + below(3); flips > 0; --flips) bits.insert(below(8 * block.bytes));
        for (const std::uint64_t bit : bits) store_.flip(block.address + bit / 8, static_cast<std::uint8_t>(1u << bit % 8));
        note("flip", block);
    }

    /// Another block of its kind in its place, of any VM; sometimes the two change places.
    void splice(const Block& to) {
        for (int tries = 0; tries < 20; ++tries) {
            const Block from = target(any_of(vms_), to.what);
            const Bytes there = store_.bytes(to.address, to.bytes), here = store_.bytes(from.address, from.bytes);
            if (there == here) continue;
            store_.put(to.address, here);
            if (below(2) == 0) store_.put(from.address, there);
            return note("splice", to);
        }
        flip(to);  // there is no other
    }

    bool older(const Block& block) { return old_.bytes(block.address, block.bytes) != store_.bytes(block.address, block.bytes); }
    void put_back(const Block& block) { store_.put(block.address, old_.bytes(block.address, block.bytes)); }

    void replay(const Vm& vm) {
        const std::uint64_t kind = below(6);
        if (kind == 0) return replay_all(vm);
        for (int tries = 0; tries < 20; ++tries) {
            const auto& [gpn, line] = any_of(vm.lines).first;
            const Block block = kind <= 2 ? data_of(vm, gpn, line) : target(vm);
            if (!older(block)) continue;
            if (kind <= 2) return replay_upwards(vm, gpn);
            put_back(block);
            return note("replay", block);
        }
        replay_all(vm);
    }

    /// A page with its tags, its counter block and some levels of nodes above.
    void replay_upwards(const Vm& vm, Gpn gpn) {
        const TreeGeometry geometry = geometry_of(vm);
        for (const auto& [place, data] : vm.lines)
            if (place.first == gpn) put_back(data_of(vm, gpn, place.second)), put_back(tag_of(vm, gpn, place.second));
        if (const std::uint64_t levels = below(geometry.levels() + 2); levels > 0) {
            put_back(counters_of(vm, gpn));
            for (unsigned level = 1; level < levels; ++level) put_back(node_of(vm, level, gpn));
        }
        outcome_.tamperings.emplace_back("replay page and above");
    }

    /// Everything of a VM that is in memory: only the root is new.
    void replay_all(const Vm& vm) {
        const TreeGeometry geometry = geometry_of(vm);
        for (const auto& [place, data] : vm.lines) put_back(data_of(vm, place.first, place.second)), put_back(tag_of(vm, place.first, place.second));
        for (const auto& [gpn, frame] : vm.written) {
            put_back(counters_of(vm, gpn));
            for (unsigned level = 1; level <= geometry.levels(); ++level) put_back(node_of(vm, level, gpn));
        }
        outcome_.tamperings.emplace_back("replay all together");
    }

    // What must follow

    bool changed(Address address, std::size_t bytes) { return good_.bytes(address, bytes) != bad_.bytes(address, bytes); }
    bool distrusted(Address address) { return trusted_.count(address) == 0 && changed(address, line_bytes); }

    /// Checks are made from the first trusted block downwards; the first block that was changed is the one that is named.
    MaybeViolation expected(const Vm& vm, Gpn gpn, Address frame, unsigned line) {
        const TreeGeometry geometry = geometry_of(vm);
        const Address gpa = gpn * page_bytes;
        const bool populated = vm.written.count(gpn) != 0;
        const bool counters_trusted = trusted_.count(map_.counter_of(frame)) != 0;
        for (unsigned level = geometry.levels(); level >= 1 && !counters_trusted; --level) {
            const std::uint64_t index = ancestor(geometry, level, gpn);
            const auto below_node = [&](const auto& page) { return ancestor(geometry, level, page.first) == index; };
            if (std::none_of(vm.written.begin(), vm.written.end(), below_node)) return std::nullopt;  // an empty node
            const Address address = node_address(vm, geometry, level, gpn);
            if (distrusted(address)) return Violation{Check::tree_node, vm.vmid, gpa, address, static_cast<std::uint8_t>(level), index};
        }
        if (!populated) return std::nullopt;
        if (distrusted(map_.counter_of(frame))) return Violation{Check::counter_block, vm.vmid, gpa, map_.counter_of(frame), 0, gpn};
        const Address hpa = frame + line * line_bytes;
        if (vm.lines.count({gpn, line}) != 0 && (changed(hpa, line_bytes) || changed(map_.tag_of(hpa), parameters_.scheme.tag_bytes)))
            return Violation{Check::data_tag, vm.vmid, gpa + line * line_bytes, hpa, 0, line};
        return std::nullopt;
    }

    static bool same(const Violation& a, const Violation& b) {
        return a.check == b.check && a.vmid == b.vmid && a.gpa == b.gpa && a.hpa == b.hpa && a.level == b.level && a.index == b.index;
    }

    void sweep() {
        for (const Vm& vm : vms_) {
            std::optional<Violation> first;
            for (const auto* pages : {&vm.written, &vm.untouched})
                for (const auto& [gpn, frame] : *pages)
                    for (unsigned line = 0; line < lines_per_page; ++line) read(vm, gpn, frame, line, first);
            if (first) ++outcome_.violations[first->check];
        }
        // What was still on chip is now needed from memory.
        if (state_ != State::hot) return;
        for (const Vm& vm : vms_) memory_.flush(vm.vmid);
        for (const Vm& vm : vms_) {
            std::optional<Violation> any;
            for (const auto& [gpn, frame] : vm.written)
                for (unsigned line = 0; line < lines_per_page; ++line) read(vm, gpn, frame, line, any);
        }
    }

    void read(const Vm& vm, Gpn gpn, Address frame, unsigned line, std::optional<Violation>& first) {
        Block64 data;
        data.fill(0xee);
        const Address offset = line * line_bytes;
        const MaybeViolation violation = memory_.read_line(vm.vmid, gpn * page_bytes + offset, frame + offset, data.data());
        const auto written = vm.lines.find({gpn, line});
        const Block64 plain = written == vm.lines.end() ? Block64{} : written->second;
        if (data != (violation ? Block64{} : plain))
            throw Mismatch(
                fmt::format("VMID {} page {} line {}: silently wrong, read {}, written {}", vm.vmid, gpn, line, to_hex(data), to_hex(plain)));
        if (violation) outcome_.effect = true;
        if (state_ == State::hot) {
            if (violation) check_plausible(vm, *violation);
        } else {
            check_exact(vm, violation, expected(vm, gpn, frame, line), first);
        }
        if (violation && !first && violation->check != Check::frozen) first = violation;
    }

    void check_exact(const Vm& vm, const MaybeViolation& violation, const MaybeViolation& expected, const std::optional<Violation>& first) {
        if (first && parameters_.on_violation == OnViolation::freeze) {
            if (!violation || violation->check != Check::frozen || violation->vmid != vm.vmid) throw Mismatch("a VM that had been stopped went on");
            return;
        }
        if (violation.has_value() != expected.has_value() || (violation && !same(*violation, *expected)))
            throw Mismatch(
                fmt::format("got {}, expected {}", violation ? violation->describe() : "no violation", expected ? expected->describe() : "none"));
    }

    /// With dirty metadata on chip a check can fail on the way in or out; in any case it names a block of this VM that was changed.
    void check_plausible(const Vm& vm, const Violation& violation) {
        if (violation.vmid != vm.vmid) throw Mismatch("another VM was named: " + violation.describe());
        const auto& raised = memory_.violations().violations();
        const auto cause = std::find_if(raised.begin(), raised.end(), [&](const Violation& v) { return v.vmid == vm.vmid; });
        if (cause == raised.end()) throw Mismatch("stopped without a cause");
        const Violation& named = violation.check == Check::frozen ? *cause : violation;
        const bool is_data = named.check == Check::data_tag, is_counters = named.check == Check::counter_block;
        const bool in_place = is_data       ? named.hpa < map_.counter_base()
                              : is_counters ? named.hpa < map_.tag_base() && named.hpa >= map_.counter_base()
                                            : named.check == Check::tree_node && named.hpa >= map_.tree_base();
        const bool was_changed = changed(named.hpa, line_bytes) || (is_data && changed(map_.tag_of(named.hpa), parameters_.scheme.tag_bytes));
        if (!in_place || !was_changed) throw Mismatch("what was not changed was named: " + named.describe());
    }

    std::mt19937_64 random_;
    const Fault fault_;
    const State state_;
    ProtectedMemoryParameters parameters_;
    TestStore store_, old_, good_, bad_;
    MemoryNonVolatile nonvolatile_{ChipNumber(1)};
    LpidAllocator lpids_;
    ProtectedMemory memory_;
    const AddressMap map_;
    std::vector<Vm> vms_;
    std::set<Address> trusted_;
    Outcome outcome_;
};

std::uint64_t campaign_seed() {
    const char* chosen = std::getenv("COFFER_SEED");
    const std::uint64_t seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 0) : 20'130'223;
    std::printf("seed %llu (COFFER_SEED)\n", static_cast<unsigned long long>(seed));
    return seed;
}

TEST(TamperingCampaign, HasNoThirdOutcome) {
    const std::uint64_t seed = campaign_seed();
    std::size_t without_effect = 0, tamperings = 0;
    std::map<std::string, std::size_t> by_kind;
    std::map<Check, std::uint64_t> by_check;
    for (std::size_t i = 0; i < trials; ++i) {
        Trial trial(seed + i);
        try {
            const Trial::Outcome outcome = trial.run();
            without_effect += !outcome.effect;
            tamperings += outcome.tamperings.size();
            for (const std::string& kind : outcome.tamperings) ++by_kind[kind];
            for (const auto& [check, count] : outcome.violations) by_check[check] += count;
        } catch (const Mismatch& mismatch) {
            FAIL() << "trial " << i << " (COFFER_SEED=" << seed + i << " begins with it), " << fmt::format("{}", fmt::join(trial.tamperings(), ", "))
                   << ": " << mismatch.what();
        }
    }
    fmt::print("{} trials, {} tamperings: {} detected, {} without effect, 0 silent\n", trials, tamperings, trials - without_effect, without_effect);
    for (const auto& [kind, count] : by_kind) fmt::print("  {:<24} {:>6}\n", kind, count);
    for (const auto& [check, count] : by_check) fmt::print("  first in its VM: {:<14} {:>6}\n", to_string(check), count);
    EXPECT_LE(without_effect * 20, trials) << "at most 5 % without effect";
    for (const Check check : {Check::data_tag, Check::counter_block, Check::tree_node}) EXPECT_GT(by_check[check], trials / 20) << to_string(check);
}

// Memory without a tree, and memory without any check, have a third outcome, and the campaign sees it;
// as it sees a violation that no tampering explains.
TEST(TamperingCampaignFault, IsFound) {
    for (const Trial::Fault fault : {Trial::Fault::no_tree, Trial::Fault::no_checks, Trial::Fault::unknown_tampering}) {
        std::size_t found = 0;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            try {
                Trial(seed, fault).run();
            } catch (const Mismatch&) {
                ++found;
            }
        }
        EXPECT_GT(found, 50u) << static_cast<int>(fault);
    }
}

}  // namespace
}  // namespace coffer
