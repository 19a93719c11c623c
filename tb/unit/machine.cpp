#include "unit/machine.h"

#include <algorithm>
#include <array>
#include <ostream>

#include <fmt/format.h>

namespace coffer {

namespace {

constexpr std::array<const char*, 14> step_names = {"write",     "read",     "hammer",  "move",         "shred",        "release", "lose", "flush",
                                                    "reinstall", "snapshot", "restore", "save_machine", "load_machine", "restart"};
constexpr std::size_t most_snapshots = 4;

Block64 block_of(unsigned vm, Gpn gpn, unsigned line, unsigned value) {
    Block64 block{};
    store_le64(block.data(), vm);
    store_le64(block.data() + 8, gpn);
    store_le32(block.data() + 16, line);
    store_le32(block.data() + 60, value);
    return block;
}

/// Neighbours at the beginning, others all over the tree.
Gpn gpn_of(unsigned page, std::uint64_t pages) { return (page < 4 ? page : pages * page / 8) % pages; }

}  // namespace

std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << step_names.at(static_cast<std::size_t>(step.kind)) << " vm " << step.vm << " page " << step.page << " line " << step.line
               << " value " << step.value;
}

void PadCensus::written(Address hpa, const std::uint8_t* ciphertext) {
    Block64 block;
    std::copy_n(ciphertext, block.size(), block.begin());
    pending_.emplace_back(hpa, block);
}

void PadCensus::count(const std::function<Block64(Address)>& plaintext) {
    const auto lines = std::move(pending_);
    pending_.clear();
    for (const auto& [hpa, ciphertext] : lines) {
        const Block64 clear = plaintext(hpa);
        Block16 pad;
        for (std::size_t i = 0; i < pad.size(); ++i) pad[i] = ciphertext[i] ^ clear[i];
        if (!pads_.insert(pad).second) throw Mismatch(fmt::format("the line at {:#x} was encrypted with a pad that was used before", hpa));
    }
}

std::ostream& operator<<(std::ostream& out, const MachineSettings& settings) {
    const ProtectedMemoryParameters& p = settings.memory;
    return out << fmt::format(
               "{} VMs from {} pages, integrity {}, data {} {} B, nodes {} {} B, on_violation {}, cache {} x {} ({} for the chip), {} register sets",
               settings.vms, settings.pages, to_string(p.scheme.integrity), to_string(p.scheme.data_mac), p.scheme.tag_bytes,
               to_string(p.scheme.node_mac), p.scheme.node_tag_bytes, to_string(p.on_violation), p.metadata_cache.sets, p.metadata_cache.ways,
               p.metadata_chip_ways, p.vm_table_slots);
}

Machine::Machine(const MachineSettings& settings, LpidsMaker make_lpids)
    : settings_(settings),
      map_(settings.memory.data_bytes, settings.memory.chip_bytes, settings.memory.scheme.tag_bytes),
      make_lpids_(std::move(make_lpids)) {
    if (!make_lpids_) make_lpids_ = [](NonVolatile& nonvolatile) { return std::make_unique<LpidAllocator>(nonvolatile); };
    bus.before_write = [this](Address address, const std::uint8_t* data, std::size_t size) {
        if (address < map_.counter_base() && size == line_bytes) census_.written(address, data);
        return true;
    };
    boot();
    for (Address frame = 0; frame < settings_.memory.data_bytes; frame += page_bytes) free_frames_.push_back(frame);
    for (unsigned vm = 0; vm < settings_.vms; ++vm) install_fresh(static_cast<Vmid>(first_guest_vmid + vm), vm);
    count_pads();
}

void Machine::boot() {
    if (memory_) {
        count_pads();
        earlier_ = activity();
    }
    memory_.reset();
    lpids_ = make_lpids_(nonvolatile_);
    memory_ = std::make_unique<ProtectedMemory>(settings_.memory, bus, *lpids_);
}

Machine::Activity Machine::activity() const {
    const ProtectionEngine::Statistics& engine = memory_->engine_statistics();
    Activity sum = earlier_;
    ++sum.boots;
    sum.encrypted_lines += engine.lines_written + engine.reencrypted_lines;
    sum.overflows += engine.overflows;
    sum.renewals += engine.floor_renewals;
    sum.spills += memory_->vm_table().statistics().spills;
    sum.dirty_evictions += memory_->cache_statistics().dirty_evictions;
    return sum;
}

void Machine::count_pads() {
    if (!tolerant_) census_.count([this](Address hpa) { return plaintext_at(hpa); });
}

void Machine::run(const Step& step) {
    const auto vmid = static_cast<Vmid>(first_guest_vmid + step.vm % settings_.vms);
    Guest& guest = guests_.at(vmid);
    const Gpn gpn = gpn_of(step.page, guest.pages);
    const unsigned line = step.line % lines_per_page;
    const bool has_page = guest.frames.count(gpn) != 0;
    switch (step.kind) {
        case Step::Kind::write:
            if (frame_of(vmid, gpn, step.value)) write(vmid, gpn, line, block_of(step.vm, gpn, line, step.value));
            break;
        case Step::Kind::read:
            if (frame_of(vmid, gpn, step.value)) check_line(vmid, gpn, line);
            break;
        case Step::Kind::hammer:
            if (!frame_of(vmid, gpn, step.value)) break;
            for (unsigned i = 0; i <= CounterBlock::last_minor + step.value % 4; ++i) write(vmid, gpn, line, block_of(step.vm, gpn, line, 1000 + i));
            break;
        case Step::Kind::move:
            if (!has_page) break;
            if (const auto frame = take_frame(step.value)) {
                Address& mapped = guest.frames.at(gpn);
                const bool moved = !memory_->move_page(vmid, gpn * page_bytes, mapped, *frame);
                if (!moved && !tolerant_) throw Mismatch("a page could not be moved");
                free_frames_.push_back(moved ? mapped : *frame);
                if (moved) mapped = *frame;
            }
            break;
        case Step::Kind::shred:
            if (!frame_of(vmid, gpn, step.value) || !done(memory_->shred_page(vmid, gpn * page_bytes, guest.frames.at(gpn)), vmid, gpn)) break;
            guest.populated.insert(gpn);
            guest.lines.erase(guest.lines.lower_bound({gpn, 0}), guest.lines.lower_bound({gpn + 1, 0}));
            break;
        case Step::Kind::release:
        case Step::Kind::lose: {
            const bool lose = step.kind == Step::Kind::lose;
            const bool tellable = settings_.memory.scheme.integrity == Integrity::bmt && settings_.memory.on_violation == OnViolation::report;
            if (!has_page || (lose && !tellable)) break;
            const Address frame = guest.frames.at(gpn);
            const MaybeViolation violation =
                lose ? memory_->lose_page(vmid, gpn * page_bytes, frame) : memory_->release_page(vmid, gpn * page_bytes, frame);
            if (violation && !tolerant_) throw Mismatch(violation->describe());
            if (violation) break;
            guest.lines.erase(guest.lines.lower_bound({gpn, 0}), guest.lines.lower_bound({gpn + 1, 0}));
            guest.populated.erase(gpn);
            guest.lost.erase(gpn);
            if (lose) guest.lost.insert(gpn);
            guest.frames.erase(gpn);
            free_frames_.push_back(frame);
            break;
        }
        case Step::Kind::flush:
            try {
                memory_->flush(vmid);
            } catch (const std::runtime_error&) {
                if (!memory_->violations().frozen(chip_vmid)) throw;
            }
            break;
        case Step::Kind::reinstall:
            remove(vmid);
            install_fresh(vmid, step.value);
            break;
        case Step::Kind::snapshot:
            if (vm_snapshots_.size() < most_snapshots) vm_snapshots_.push_back(snapshot(vmid));
            break;
        case Step::Kind::restore:
            if (!vm_snapshots_.empty()) restore(vm_snapshots_[step.value % vm_snapshots_.size()], vmid);
            break;
        case Step::Kind::save_machine: save_machine(); break;
        case Step::Kind::load_machine:
            if (!machine_snapshots_.empty()) load_machine(machine_snapshots_[step.value % machine_snapshots_.size()]);
            break;
        case Step::Kind::restart: restart(); break;
    }
    count_pads();
    if (!tolerant_ && memory_->violations().count() != expected_violations_)
        throw Mismatch("false alarm: " + memory_->violations().last().describe());
}

void Machine::sweep() {
    for (const auto& [vmid, guest] : guests_)
        for (const auto& [gpn, frame] : std::map<Gpn, Address>(guest.frames))
            for (unsigned line = 0; line < lines_per_page; ++line) check_line(vmid, gpn, line);
}

std::optional<Address> Machine::take_frame(unsigned choice) {
    if (free_frames_.empty()) return std::nullopt;
    const auto chosen = free_frames_.begin() + static_cast<std::ptrdiff_t>(choice % free_frames_.size());
    const Address frame = *chosen;
    free_frames_.erase(chosen);
    return frame;
}

/// The page's frame; a page without one gets one, whatever that held before.
std::optional<Address> Machine::frame_of(Vmid vmid, Gpn gpn, unsigned choice) {
    Guest& guest = guests_.at(vmid);
    const auto mapped = guest.frames.find(gpn);
    if (mapped != guest.frames.end()) return mapped->second;
    const auto frame = take_frame(choice);
    if (!frame) return std::nullopt;
    guest.frames[gpn] = *frame;
    // Without a tree, whoever maps a page tells the counter block that it is empty.
    if (settings_.memory.scheme.integrity != Integrity::bmt) done(memory_->release_page(vmid, gpn * page_bytes, *frame), vmid, gpn);
    return frame;
}

/// Whether an operation was done. It must have been, unless its page is lost.
bool Machine::done(const MaybeViolation& violation, Vmid vmid, Gpn gpn) {
    const bool lost = guests_.at(vmid).lost.count(gpn) != 0;
    if (tolerant_) return !violation;
    if (!violation && lost) throw Mismatch("a lost page was used without violation");
    if (violation && !(lost && violation->check == Check::lost_page && violation->vmid == vmid)) throw Mismatch(violation->describe());
    expected_violations_ += lost;
    return !lost;
}

void Machine::write(Vmid vmid, Gpn gpn, unsigned line, const Block64& data) {
    Guest& guest = guests_.at(vmid);
    const Address offset = line * line_bytes;
    if (!done(memory_->write_line(vmid, gpn * page_bytes + offset, guest.frames.at(gpn) + offset, data.data()), vmid, gpn)) {
        --earlier_.encrypted_lines;  // the engine counts what it is asked for
        return;
    }
    guest.populated.insert(gpn);
    guest.lines[{gpn, line}] = data;
    count_pads();  // now: the next write of this line leaves no trace of what this one wrote
}

void Machine::check_line(Vmid vmid, Gpn gpn, unsigned line) {
    Guest& guest = guests_.at(vmid);
    const Address offset = line * line_bytes;
    Block64 data;
    data.fill(0xee);
    const bool read = done(memory_->read_line(vmid, gpn * page_bytes + offset, guest.frames.at(gpn) + offset, data.data()), vmid, gpn);
    if (read) guest.populated.insert(gpn);
    const auto written = guest.lines.find({gpn, line});
    const Block64 expected = read && written != guest.lines.end() ? written->second : Block64{};
    if (data != expected)
        throw Mismatch(fmt::format("VMID {} page {} line {}: read {}, expected {}", vmid, gpn, line, to_hex(data), to_hex(expected)));
    count_pads();
}

/// What a line that was just written holds: from the model, or read back from the chip's own region, which has none.
Block64 Machine::plaintext_at(Address hpa) {
    const Address chip_base = map_.chip_base();
    Block64 data{};
    if (hpa >= chip_base) {
        if (const auto violation = memory_->read_line(chip_vmid, hpa - chip_base, hpa, data.data())) throw Mismatch(violation->describe());
        return data;
    }
    for (const auto& [vmid, guest] : guests_)
        for (const auto& [gpn, frame] : guest.frames)
            if (frame == page_base(hpa)) {
                const auto line = guest.lines.find({gpn, line_in_page(hpa)});
                if (line != guest.lines.end()) return line->second;
            }
    throw Mismatch(fmt::format("a line that nobody wrote was encrypted at {:#x}", hpa));
}

void Machine::install_fresh(Vmid vmid, unsigned key) {
    Guest guest;
    guest.key = numbered_key(key % 3);  // VMs may have one key: copies do
    guest.pages = settings_.pages + 3 * (vmid - first_guest_vmid);
    memory_->install(vm_of(vmid, guest.pages, guest.key));
    guests_[vmid] = guest;
}

void Machine::remove(Vmid vmid) {
    memory_->uninstall(vmid);
    for (const auto& [gpn, frame] : guests_.at(vmid).frames) free_frames_.push_back(frame);
    guests_.erase(vmid);
}

VmInstall Machine::flushed(Vmid vmid) {
    const NodeTag root = memory_->flush(vmid);
    const VmEntry& entry = memory_->entry(vmid);
    VmInstall install = vm_of(vmid, entry.pages, entry.k_vm);
    install.tree_base = entry.tree_base;
    install.root = root;
    return install;
}

Machine::VmSnapshot Machine::snapshot(Vmid vmid) {
    VmSnapshot result;
    const VmInstall install = flushed(vmid);
    result.guest = guests_.at(vmid);
    result.root = install.root;
    result.tree = store.bytes(install.tree_base, TreeGeometry(install.pages, memory_->scheme().node_tag_bytes).bytes());
    for (const auto& [gpn, frame] : result.guest.frames)
        result.pages[gpn] = {store.bytes(frame, page_bytes), store.bytes(map_.tag_of(frame), lines_per_page * map_.tag_bytes()),
                             store.block(map_.counter_of(frame))};
    return result;
}

void Machine::restore(const VmSnapshot& from, Vmid vmid) {
    remove(vmid);
    if (free_frames_.size() < from.pages.size()) return install_fresh(vmid, 0);
    Guest guest = from.guest;
    for (const auto& [gpn, page] : from.pages) {
        const Address frame = *take_frame(static_cast<unsigned>(gpn) + vmid);
        store.put(frame, page.data);
        store.put(map_.tag_of(frame), page.tags);
        store.put(map_.counter_of(frame), page.counters);
        guest.frames[gpn] = frame;
    }
    VmInstall install = vm_of(vmid, guest.pages, guest.key);
    install.tree_base = memory_->end_of_metadata();
    install.root = from.root;
    store.put(install.tree_base, from.tree);
    memory_->install(install);
    guests_[vmid] = guest;
}

void Machine::save_machine() {
    if (machine_snapshots_.size() == most_snapshots) return;
    std::map<Vmid, VmInstall> installs;
    for (const auto& [vmid, guest] : guests_) installs[vmid] = flushed(vmid);
    machine_snapshots_.push_back({store, guests_, installs, free_frames_});
}

void Machine::load_machine(const MachineSnapshot& from) {
    count_pads();
    store = from.store;
    boot();
    expected_violations_ = 0;
    guests_ = from.guests;
    free_frames_ = from.free_frames;
    for (const auto& [vmid, install] : from.installs) memory_->install(install);
}

void Machine::restart() {
    std::vector<VmInstall> installs;
    for (const auto& [vmid, guest] : guests_) installs.push_back(flushed(vmid));
    boot();
    expected_violations_ = 0;
    for (const VmInstall& install : installs) memory_->install(install);
}

}  // namespace coffer
