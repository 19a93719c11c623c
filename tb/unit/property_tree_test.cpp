// The tree in memory is the one that the counter blocks in memory call for, and the chip uses no block of it, and no counter block, that it has
// not verified.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include <fmt/format.h>

#include "unit/generators.h"
#include "unit/tree_from_scratch.h"

namespace coffer {
namespace {

/// Compares one domain's flushed tree, node by node, with one over the given leaves.
void check_tree(Machine& machine, Vmid vmid, const std::map<Gpn, NodeTag>& leaves, const TreeFromScratch& tree, const NodeTag& root) {
    const Address base = machine.memory().entry(vmid).tree_base;
    const TreeFromScratch::Built built = tree.build(leaves);
    if (root != built.root) throw Mismatch(fmt::format("VMID {}: root {}, from scratch {}", vmid, to_hex(root), to_hex(built.root)));
    for (const auto& [place, node] : built.nodes) {
        const Block64 stored = machine.store.block(base + tree.offset_of(place.first, place.second));
        if (stored != node) throw Mismatch(fmt::format("VMID {}: node {} of level {} is not the one from scratch", vmid, place.second, place.first));
    }
}

void check_trees(Machine& machine, const MachineSettings& settings) {
    const Scheme& scheme = settings.memory.scheme;
    const AddressMap& map = machine.memory().map();
    for (const auto& [vmid, guest] : machine.guests()) {
        const NodeTag root = machine.memory().flush(vmid);
        const crypto::Key128 k_node = crypto::derive_128(guest.key, "coffer node", settings.memory.chip.fleet_id);
        const TreeFromScratch tree(scheme, k_node, guest.pages);
        std::map<Gpn, NodeTag> leaves;
        for (const Gpn gpn : guest.populated) leaves[gpn] = tree.tag(0, gpn, machine.store.block(map.counter_of(guest.frames.at(gpn))));
        for (const Gpn gpn : guest.lost) leaves[gpn] = NodeTag{1};
        check_tree(machine, vmid, leaves, tree, root);
    }
    // The chip's own: one page, which is populated once an entry was spilled or removed.
    const NodeTag root = machine.memory().flush(chip_vmid);
    const crypto::Key128 k_node = crypto::derive_128(machine.memory().entry(chip_vmid).k_vm, "coffer node", settings.memory.chip.fleet_id);
    const TreeFromScratch tree(scheme, k_node, 1);
    std::map<Gpn, NodeTag> leaves;
    if (root != empty_tag) leaves[0] = tree.tag(0, 0, machine.store.block(map.counter_of(map.chip_base())));
    check_tree(machine, chip_vmid, leaves, tree, root);
}

RC_GTEST_PROP(TreeProperty, EqualsOneBuiltFromScratch, ()) {
    const MachineSettings settings = *any_machine(any_tree_scheme());
    Machine machine(settings);
    for (const Step& step : *many(any_step(all_steps()))) {
        machine.run(step);
        if (step.kind == Step::Kind::flush) check_trees(machine, settings);
    }
    check_trees(machine, settings);
}

TEST(TreePropertyFault, OneNodeBitThatIsNotWrittenIsSeen) {
    EXPECT_TRUE(finds_counterexample([] {
        const MachineSettings settings = *any_machine(any_tree_scheme());
        Machine machine(settings);
        const auto watch = machine.bus.before_write;
        machine.bus.before_write = [&](Address address, const std::uint8_t* data, std::size_t size) {
            if (address < machine.memory().map().tree_base() + page_bytes) return watch(address, data, size);
            Bytes stuck(data, data + size);
            stuck[63] &= 0x7f;
            machine.store.put(address, stuck);
            return false;
        };
        machine.tolerate_violations();
        for (const Step& step : *many(any_step({{1, Step::Kind::write}}))) machine.run(step);
        check_trees(machine, settings);
    }));
}

TEST(TreePropertyFault, AnUpdateThatIsLostIsSeen) {
    EXPECT_TRUE(finds_counterexample([] {
        const MachineSettings settings = *any_machine(any_tree_scheme());
        Machine machine(settings);
        const auto watch = machine.bus.before_write;
        int counter_writes = 0;
        machine.bus.before_write = [&](Address address, const std::uint8_t* data, std::size_t size) {
            const bool counters = address >= machine.memory().map().counter_base() && address < machine.memory().map().tag_base();
            return watch(address, data, size) && !(counters && ++counter_writes % 5 == 0);
        };
        machine.tolerate_violations();
        for (const Step& step : *many(any_step({{1, Step::Kind::write}}))) machine.run(step);
        check_trees(machine, settings);
    }));
}

// Trust

/// The tree's own view of the metadata cache, checked: what the tree installs as verified, or changes on the way, must be what the root vouches
/// for at that moment, through cached blocks and blocks in memory that are checked here once more.
class TrustChecker : public MetadataPort {
public:
    struct Domain {
        TreeFromScratch tree;
        Address tree_base;
        NodeTag root;
    };

    TrustChecker(MetadataCache& cache, TestStore& store, std::vector<Domain>& domains) : cache_(cache), store_(store), domains_(domains) {}

    bool look_up(Address address, const BlockId& id, Block64& block) override { return cache_.look_up(address, id, block); }
    bool peek(Address address, const BlockId& id, Block64& block) override { return cache_.peek(address, id, block); }
    void fetch(Address address, const BlockId& id, Block64& block) override {
        cache_.fetch(address, id, block);
        if (after_fetch) after_fetch(block);
    }

    void install(Address address, const BlockId& id, const Block64& block, bool dirty) override {
        const std::optional<NodeTag> vouched = trusted_tag(id);
        const Domain& domain = domains_[id.slot];
        // A dirty install is a block that did not exist: a page's first counter block, or a node above one.
        if (!vouched || *vouched != (dirty ? empty_tag : domain.tree.tag(id.level, id.index, block)) || (!dirty && *vouched == empty_tag))
            distrust("installed", id);
        ++installs;
        cache_.install(address, id, block, dirty);
    }

    void write(Address address, const BlockId& id, const Block64& block) override {
        Block64 cached;
        if (!cache_.peek(address, id, cached) && id.level > 0 && !(leaving_ && id == *leaving_)) check_uncached_change(address, id, block);
        cache_.write(address, id, block);
    }

    void drop(Address address, const BlockId& id) override { cache_.drop(address, id); }
    void evict(Address address, const BlockId& id) override { cache_.evict(address, id); }
    void evict_all(Slot slot) override { cache_.evict_all(slot); }

    /// The block that is being settled: the only one that is written to memory as it is.
    void set_leaving(const std::optional<BlockId>& id) { leaving_ = id; }

    std::function<void(Block64&)> after_fetch;  ///< the adversary's chance
    std::uint64_t installs = 0;
    std::uint64_t uncached_changes = 0;

private:
    [[noreturn]] static void distrust(const char* what, const BlockId& id) {
        throw Mismatch(fmt::format("slot {} level {} index {} was {} without being verified", id.slot, id.level, id.index, what));
    }

    Address address_of(const BlockId& node) const {
        return domains_[node.slot].tree_base + domains_[node.slot].tree.offset_of(node.level, node.index);
    }

    /// The tag that the chip has every reason to expect of a block; nothing where a block between it and the root is not what it should be.
    std::optional<NodeTag> trusted_tag(const BlockId& id) {
        const Domain& domain = domains_[id.slot];
        if (id.level == domain.tree.levels()) return domain.root;
        const BlockId parent{id.slot, static_cast<std::uint8_t>(id.level + 1), id.index / domain.tree.arity()};
        Block64 block;
        if (!cache_.peek(address_of(parent), parent, block)) {
            const std::optional<NodeTag> tag = trusted_tag(parent);
            if (!tag) return std::nullopt;
            if (*tag == empty_tag) return empty_tag;
            block = store_.block(address_of(parent));
            if (domain.tree.tag(parent.level, parent.index, block) != *tag) return std::nullopt;
        }
        return domain.tree.child(block, id.index);
    }

    /// A node that settling changes in memory: the old one must be vouched for, and only one child's tag may differ.
    void check_uncached_change(Address address, const BlockId& id, const Block64& block) {
        ++uncached_changes;
        const Domain& domain = domains_[id.slot];
        const std::optional<NodeTag> vouched = trusted_tag(id);
        Block64 old = store_.block(address);
        if (vouched == empty_tag) old.fill(0);
        if (!vouched || domain.tree.tag(id.level, id.index, old) != *vouched) distrust("changed", id);
        unsigned changed = 0;
        for (std::uint64_t child = 0; child < domain.tree.arity(); ++child)
            changed += domain.tree.child(old, child) != domain.tree.child(block, child);
        if (changed > 1) distrust("changed in more than one place", id);
    }

    MetadataCache& cache_;
    TestStore& store_;
    std::vector<Domain>& domains_;
    std::optional<BlockId> leaving_;
};

/// Changes nodes and counter blocks on their way into the cache: a tree that installs something else than it verified.
class ForgingPort : public MetadataPort {
public:
    explicit ForgingPort(MetadataPort& port) : port_(port) {}
    bool look_up(Address address, const BlockId& id, Block64& block) override { return port_.look_up(address, id, block); }
    bool peek(Address address, const BlockId& id, Block64& block) override { return port_.peek(address, id, block); }
    void fetch(Address address, const BlockId& id, Block64& block) override { port_.fetch(address, id, block); }
    void install(Address address, const BlockId& id, const Block64& block, bool dirty) override {
        Block64 forged = block;
        if (forge_installs && !dirty && id.level == forged_level) forged[17] ^= 0x20;
        port_.install(address, id, forged, dirty);
    }
    void write(Address address, const BlockId& id, const Block64& block) override {
        Block64 forged = block;
        if (!forge_installs && id.level == forged_level) forged[0] ^= 1, forged[63] ^= 1;
        port_.write(address, id, forged);
    }
    void drop(Address address, const BlockId& id) override { port_.drop(address, id); }
    void evict(Address address, const BlockId& id) override { port_.evict(address, id); }
    void evict_all(Slot slot) override { port_.evict_all(slot); }

    bool forge_installs = true;
    std::uint8_t forged_level = 0xff;

private:
    MetadataPort& port_;
};

/// A hash tree over a metadata cache, with a checker between the two. Several domains in as many slots.
class CheckedTree : private RootPort, private SettlePort {
public:
    CheckedTree(const Scheme& scheme, CacheGeometry geometry, unsigned slots, std::uint64_t pages_of_each)
        : pages(pages_of_each),
          map(frames_per_slot * slots * page_bytes, page_bytes, scheme.tag_bytes),
          cache(geometry, 1, store),
          tree(scheme, map, forger, *this, violations),
          models(slots) {
        cache.set_settle_port(*this);
        Address base = map.tree_base();
        for (unsigned slot = 0; slot < slots; ++slot) {
            domains.push_back({TreeFromScratch(scheme, numbered_key(slot), pages), base, empty_tag});
            tree.install(static_cast<Slot>(slot), {vmid_of(slot), pages, base}, numbered_key(slot));
            base += align_up(TreeGeometry(pages, scheme.node_tag_bytes).bytes(), page_bytes);
        }
    }

    /// Throws Mismatch where the tree gives another counter block than the one written last without a violation.
    void run(const Step& step) {
        const auto slot = static_cast<Slot>(step.vm % domains.size());
        const Gpn gpn = (step.page < 4 ? step.page : pages * step.page / 8) % pages;
        if (violations.frozen(vmid_of(slot))) return;
        const Address frame = frames.emplace(std::pair(slot, gpn), (slot * frames_per_slot + step.page) * page_bytes).first->second;
        std::map<Gpn, CounterBlock>& model = models[slot];
        if (step.kind == Step::Kind::flush) return tree.flush(slot);
        if (step.kind == Step::Kind::release) {
            if (!tree.release(slot, gpn, frame)) model.erase(gpn);
            return;
        }
        CounterBlock block;
        if (tree.read(slot, gpn, frame, block)) return;
        const CounterBlock expected = model.count(gpn) != 0 ? model.at(gpn) : CounterBlock();
        if (block.bytes() != expected.bytes()) throw Mismatch(fmt::format("slot {} page {}: not the counter block that was written", slot, gpn));
        if (step.kind != Step::Kind::write) return;
        if (block.empty()) block = CounterBlock::fresh(ChipNumber(1).lpid(++last_lpid));
        block.set_minor(step.line % lines_per_page, step.value % CounterBlock::last_minor + 1);
        if (tree.write(slot, gpn, frame, block)) throw Mismatch("a counter block that had been read could not be written");
        model[gpn] = block;
    }

    static constexpr std::uint64_t frames_per_slot = 8;
    static Vmid vmid_of(unsigned slot) { return static_cast<Vmid>(first_guest_vmid + slot); }

    const std::uint64_t pages;
    const AddressMap map;
    TestStore store;
    ViolationLog violations{OnViolation::report};
    MetadataCache cache;
    std::vector<TrustChecker::Domain> domains;
    TrustChecker checker{cache, store, domains};
    ForgingPort forger{checker};
    HashTree tree;
    std::vector<std::map<Gpn, CounterBlock>> models;
    std::map<std::pair<Slot, Gpn>, Address> frames;
    std::uint64_t last_lpid = 0;

private:
    NodeTag root(Slot slot) override { return domains[slot].root; }
    void set_root(Slot slot, const NodeTag& root) override { domains[slot].root = root; }
    void settle(Address address, const BlockId& id, const Block64& block) override {
        checker.set_leaving(id);
        tree.settle(address, id, block);
        checker.set_leaving(std::nullopt);
    }
};

std::unique_ptr<CheckedTree> any_checked_tree() {
    using rc::gen::element;
    const CacheGeometry cache{*element(std::size_t{1}, std::size_t{2}, std::size_t{5}), *element(2u, 3u, 4u)};
    return std::make_unique<CheckedTree>(*any_tree_scheme(), cache, *rc::gen::inRange(1u, 4u), *element<std::uint64_t>(1, 4, 5, 17, 70, 300));
}

void run_all(CheckedTree& tree, const std::vector<Step>& steps) {
    for (const Step& step : steps) tree.run(step);
}

WeightedKinds tree_steps() { return {{10, Step::Kind::write}, {5, Step::Kind::read}, {3, Step::Kind::release}, {1, Step::Kind::flush}}; }

RC_GTEST_PROP(TrustProperty, NothingIsInstalledOrChangedThatWasNotVerified, ()) {
    const auto tree = any_checked_tree();
    run_all(*tree, *many(any_step(tree_steps())));
    RC_ASSERT(tree->violations.count() == 0u);
    RC_CLASSIFY(tree->checker.installs > 0, "blocks installed");
    RC_CLASSIFY(tree->checker.uncached_changes > 0, "nodes changed in memory");
}

RC_GTEST_PROP(TrustProperty, NothingTamperedIsTrusted, ()) {
    const auto tree = any_checked_tree();
    std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
    const unsigned one_in = *rc::gen::element(2u, 10u, 50u);
    std::uint64_t tampered = 0;
    tree->checker.after_fetch = [&](Block64& block) {
        if (random() % one_in != 0) return;
        ++tampered;
        block[random() % block.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    };
    run_all(*tree, *many(any_step(tree_steps())));
    // Each is seen when it is fetched.
    RC_ASSERT(tampered == 0u || tree->violations.count() > 0u);
    RC_CLASSIFY(tampered > 0, "tampered");
}

TEST(TrustPropertyFault, AnInstallOfSomethingElseThanWasVerifiedIsSeen) {
    for (const std::uint8_t level : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}})
        EXPECT_TRUE(finds_counterexample([=] {
            const auto tree = any_checked_tree();
            tree->forger.forged_level = level;
            run_all(*tree, *many(any_step(tree_steps())));
        })) << "level " << int{level};
}

TEST(TrustPropertyFault, AChangeOfMoreThanOneTagIsSeen) {
    EXPECT_TRUE(finds_counterexample([] {
        const auto tree = any_checked_tree();
        tree->forger.forge_installs = false;
        tree->forger.forged_level = 2;
        run_all(*tree, *many(any_step(tree_steps())));
    }));
}

}  // namespace
}  // namespace coffer
