#include "kill/station.h"

#include <stdexcept>
#include <string>

#include "unit/chip_bench.h"

namespace coffer::kill {

namespace {

constexpr std::size_t memory_bytes = std::size_t{2} << 20;

[[noreturn]] void fail(const std::string& what, const LifecycleResult& result) {
    throw std::runtime_error(what + ": " + std::string(to_string(result.status)) + ", " + std::string(to_string(result.log_status)));
}

}  // namespace

crypto::Key128 CampaignVm::k_vm() const { return numbered_key(number); }

StoredVm boot_image(const CampaignVm& vm) {
    VmVector vector = boot_vector(vm.k_vm());
    vector.pages = vm_pages;
    StoredVm stored;
    stored.vector = sealed(vector, vm.k_vm());
    return stored;
}

Station::Station(const std::filesystem::path& directory, unsigned index, SharedFacts& facts, Fault fault)
    : facts_(facts),
      index_(index),
      bytes_(directory / ("memory-" + std::to_string(index)), memory_bytes),
      nonvolatile_(directory / ("chip-" + std::to_string(index)), test_chip(index + 1).number(), facts, index, fault),
      lpids_(nonvolatile_, facts),
      memory_(bench_memory(test_chip(index + 1)), bytes_, lpids_),
      domains_(memory_),
      lifecycle_(domains_, lpids_, nonvolatile_, test_chip(index + 1)) {}

/// Calls `function` with address and size of all memory that belongs to a VM.
template <class Function>
void Station::each_part(unsigned place, Address tree, Function&& function) const {
    const AddressMap& map = memory_.map();
    for (unsigned page = 0; page < vm_pages; ++page) {
        function(frame(place, page), page_bytes);
        function(map.counter_of(frame(place, page)), line_bytes);
        function(map.tag_of(frame(place, page)), lines_per_page * map.tag_bytes());
    }
    function(tree, TreeGeometry(vm_pages, memory_.scheme().node_tag_bytes).bytes());
}

StoredVm Station::keep(unsigned place, const SealedVector& vector) {
    StoredVm stored{vector, content_[place], {}};
    each_part(place, load_le64(&vector[8]), [&](Address address, std::size_t size) {
        const std::size_t at = stored.image.size();
        stored.image.resize(at + size);
        bytes_.read(address, &stored.image[at], size);
    });
    return stored;
}

/// Memory as it was, but for the tree, which comes to a place of its own, where its hint is set to.
void Station::put_back(unsigned place, StoredVm& stored) {
    if (stored.image.empty()) return;
    const std::uint8_t* next = stored.image.data();
    each_part(place, tree_slot(place), [&](Address address, std::size_t size) {
        bytes_.write(address, next, size);
        next += size;
    });
    store_le64(&stored.vector[8], tree_slot(place));
}

LifecycleResult Station::ask(const CampaignVm& vm, const StoredVm& stored) {
    VmGate::Arrival arrival;
    return lifecycle_.gate().open(vm.vm_key[index_], stored.vector, arrival);
}

void Station::install(unsigned place, const CampaignVm& vm, const StoredVm& stored) {
    StoredVm given = stored;
    put_back(place, given);
    const LifecycleResult installed = lifecycle_.install(vm.vm_key[index_], given.vector);
    if (!installed.ok()) fail("the latest snapshot does not install", installed);
    vmid_[place] = installed.vmid;
    content_[place] = stored.content;
}

bool Station::holds_what_it_should(unsigned place) {
    for (unsigned line = 0; line < content_[place].size(); ++line) {
        Block64 data;
        const Address gpa = line * line_bytes;
        const bool read = !memory_.read_line(vmid_[place], gpa, frame(place, 0) + gpa, data.data());
        if (!read || data != Block64{content_[place][line]}) return false;
    }
    return true;
}

void Station::write(unsigned place, unsigned line, std::uint8_t value) {
    const Address gpa = line * line_bytes;
    const Block64 data{value};
    if (memory_.write_line(vmid_[place], gpa, frame(place, 0) + gpa, data.data())) throw std::runtime_error("a write is a violation");
    content_[place][line] = value;
}

void Station::shred(unsigned place, unsigned page) {
    if (memory_.shred_page(vmid_[place], page * page_bytes, frame(place, page))) throw std::runtime_error("a shred is a violation");
    std::fill_n(content_[place].begin() + page * lines_per_page, lines_per_page, std::uint8_t{0});
}

void Station::snapshot(unsigned place, const CampaignVm& vm, const VmStorage& storage) {
    const InPhase phase(facts_, index_, Phase::snapshot);
    VmFacts& facts = facts_.vm[place];
    const std::uint64_t sequence = facts.accepted + 1;
    facts.begun = sequence;
    const LifecycleResult done = lifecycle_.snapshot(vmid_[place], [&](const SealedVector& vector) {
        const InPhase storing(facts_, index_, Phase::store_snapshot);
        storage.store(vm.number, sequence, keep(place, vector));
    });
    if (!done.ok()) fail("no snapshot", done);
    facts.accepted = sequence;
}

void Station::uninstall(unsigned place) {
    const LifecycleResult done = lifecycle_.uninstall(vmid_[place]);
    if (!done.ok()) fail("no uninstall", done);
    vmid_[place] = 0;
}

void Station::move_out(unsigned place, const CampaignVm& vm, const VmStorage& storage, ByteView certificate, const Nonce& nonce) {
    const InPhase phase(facts_, index_, Phase::move);
    VmFacts& facts = facts_.vm[place];
    const std::uint64_t sequence = facts.accepted + 1;
    facts.begun = sequence;
    facts.moving = true;
    const LifecycleResult done = lifecycle_.migrate_out(vmid_[place], certificate, nonce, [&](const Bytes&, const SealedVector& vector) {
        const InPhase releasing(facts_, index_, Phase::release);
        storage.store(vm.number, sequence, keep(place, vector));
        facts.released = true;
    });
    if (!done.ok()) fail("no migration", done);
    vmid_[place] = 0;
}

}  // namespace coffer::kill
