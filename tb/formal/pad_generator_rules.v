// The handshake of a pad generator that sends the five blocks of a line through one pipeline.
`include "channel_rules.v"
`include "flow_rules.v"

module pad_generator_rules (
    input wire clk, input wire rst_n, input wire in_valid, input wire [127:0] in_key, input wire [95:0] in_iv, input wire out_ready
);
    wire in_ready, out_valid, started;
    wire [127:0] out_pad0, out_pad1, out_pad2, out_pad3, out_mask;
    wire [2:0] out_pads_there, step, collected;
    wire [10:0] filled;
    wire [7:0] in_flight, starved;
    pad_generator block (.*, .\aes.control.filled (filled));
    channel_rules #(.WIDTH(643)) out (
        .clk(clk), .rst_n(rst_n), .valid(out_valid), .ready(out_ready), .payload({out_pads_there, out_pad0, out_pad1, out_pad2, out_pad3, out_mask})
    );
    flow_rules #(.PARTS(5), .LONGEST(15)) flow (.*, .takes(in_valid && in_ready), .held(held));

    // Blocks still to enter, in the pipeline, and left it.
    reg [7:0] held;
    integer i;
    always @(*) begin
        held = collected + (step == 0 ? 0 : 5 - step);
        for (i = 0; i < 11; i = i + 1) held = held + filled[i];
    end

    // A pad that is there stays until its line is taken, so that a line can begin to be decrypted with its first pad.
    reg [2:0] there = 0;
    reg [511:0] pads;
    always @(posedge clk) begin
        there <= rst_n && !(out_valid && out_ready) ? out_pads_there : 0;
        pads <= {out_pad0, out_pad1, out_pad2, out_pad3};
    end

    always @(*) if (started) begin
        counts_five: assert (step <= 4 && collected <= 4);
        valid_waits_for_nothing: assert (out_valid == (collected == 4 && filled[10]));
        pads_are_counted: assert (out_pads_there == collected && out_pads_there >= there);
        first_pad_stays: assert (there < 1 || out_pad0 == pads[511:384]);
        second_pad_stays: assert (there < 2 || out_pad1 == pads[383:256]);
        third_pad_stays: assert (there < 3 || out_pad2 == pads[255:128]);
        fourth_pad_stays: assert (there < 4 || out_pad3 == pads[127:0]);
        two_lines: cover (rst_n && out_valid && in_flight == 3);
    end
endmodule
