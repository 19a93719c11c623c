// AesPipeline<SboxKind::table>, generated from models/crypto/aes_pipeline_synth.h by scripts/regenerate: do not edit.
module aes_pipeline_table (
	clk,
	rst_n,
	in_valid,
	in_ready,
	in_block,
	in_key,
	out_valid,
	out_ready,
	out_block
);
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output wire in_ready;
	input wire [127:0] in_block;
	input wire [127:0] in_key;
	output wire out_valid;
	input wire out_ready;
	output wire [127:0] out_block;
	wire [1279:0] round_key;
	wire advance;
	aes_pipeline_table_PipelineControl control(
		.clk(clk),
		.rst_n(rst_n),
		.in_valid(in_valid),
		.in_ready(in_ready),
		.out_valid(out_valid),
		.out_ready(out_ready),
		.advance(advance)
	);
	aes_pipeline_table_AesKeySchedule key_schedule(
		.clk(clk),
		.advance(advance),
		.first_key(in_key),
		.round_key(round_key)
	);
	aes_pipeline_table_AesStates states(
		.clk(clk),
		.advance(advance),
		.block(in_block),
		.first_key(in_key),
		.round_key(round_key),
		.result(out_block)
	);
endmodule
module aes_pipeline_table_PipelineControl (
	clk,
	rst_n,
	in_valid,
	in_ready,
	out_valid,
	out_ready,
	advance
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output reg in_ready;
	output reg out_valid;
	input wire out_ready;
	output reg advance;
	reg [10:0] filled;
	always @(*) begin : give_valid
		if (_sv2v_0)
			;
		out_valid = filled[10];
	end
	always @(*) begin : give_ready
		reg result_waits;
		reg moves;
		if (_sv2v_0)
			;
		result_waits = filled[10];
		moves = !result_waits || out_ready;
		advance = moves;
		in_ready = moves;
	end
	reg [10:0] filled_next;
	task move_func;
		reg result_waits;
		begin
			filled_next = filled;
			result_waits = filled[10];
			if (!result_waits || out_ready)
				filled_next = {filled[9:0], in_valid};
		end
	endtask
	always @(in_valid or filled[9:0] or out_ready or filled[10] or filled or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		if (~rst_n)
			filled <= 1'sb0;
		else
			filled <= filled_next;
	end
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesKeySchedule (
	clk,
	advance,
	first_key,
	round_key
);
	reg _sv2v_0;
	input wire clk;
	input wire advance;
	input wire [127:0] first_key;
	output reg [1279:0] round_key;
	wire [79:0] round_constant;
	reg [1279:0] key;
	wire [1279:0] next_key;
	localparam [31:0] aes_rounds = 10;
	assign round_constant[0+:8] = 1'd1;
	assign round_constant[8+:8] = 2'h2;
	assign round_constant[16+:8] = 3'h4;
	assign round_constant[24+:8] = 4'h8;
	assign round_constant[32+:8] = 5'h10;
	assign round_constant[40+:8] = 6'h20;
	assign round_constant[48+:8] = 7'h40;
	assign round_constant[56+:8] = 8'h80;
	assign round_constant[64+:8] = 5'h1b;
	assign round_constant[72+:8] = 6'h36;
	always @(*) begin : give_round_keys
		if (_sv2v_0)
			;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < aes_rounds; i = i + 1)
				round_key[i * 128+:128] = next_key[i * 128+:128];
		end
	end
	reg [1279:0] key_next;
	task move_func;
		begin
			key_next = key;
			if (advance) begin
				key_next[0+:128] = first_key;
				begin : sv2v_autoblock_2
					reg [31:0] i;
					for (i = 1; i < aes_rounds; i = i + 1)
						key_next[i * 128+:128] = next_key[(i - 1) * 128+:128];
				end
			end
		end
	endtask
	always @(next_key or first_key or advance or key or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		key <= key_next;
	end
	aes_pipeline_table_AesKeyStep step_0(
		.key(key[0+:128]),
		.round_constant(round_constant[0+:8]),
		.next_key(next_key[0+:128])
	);
	aes_pipeline_table_AesKeyStep step_1(
		.key(key[128+:128]),
		.round_constant(round_constant[8+:8]),
		.next_key(next_key[128+:128])
	);
	aes_pipeline_table_AesKeyStep step_2(
		.key(key[256+:128]),
		.round_constant(round_constant[16+:8]),
		.next_key(next_key[256+:128])
	);
	aes_pipeline_table_AesKeyStep step_3(
		.key(key[384+:128]),
		.round_constant(round_constant[24+:8]),
		.next_key(next_key[384+:128])
	);
	aes_pipeline_table_AesKeyStep step_4(
		.key(key[512+:128]),
		.round_constant(round_constant[32+:8]),
		.next_key(next_key[512+:128])
	);
	aes_pipeline_table_AesKeyStep step_5(
		.key(key[640+:128]),
		.round_constant(round_constant[40+:8]),
		.next_key(next_key[640+:128])
	);
	aes_pipeline_table_AesKeyStep step_6(
		.key(key[768+:128]),
		.round_constant(round_constant[48+:8]),
		.next_key(next_key[768+:128])
	);
	aes_pipeline_table_AesKeyStep step_7(
		.key(key[896+:128]),
		.round_constant(round_constant[56+:8]),
		.next_key(next_key[896+:128])
	);
	aes_pipeline_table_AesKeyStep step_8(
		.key(key[1024+:128]),
		.round_constant(round_constant[64+:8]),
		.next_key(next_key[1024+:128])
	);
	aes_pipeline_table_AesKeyStep step_9(
		.key(key[1152+:128]),
		.round_constant(round_constant[72+:8]),
		.next_key(next_key[1152+:128])
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesKeyStep (
	key,
	round_constant,
	next_key
);
	reg _sv2v_0;
	input wire [127:0] key;
	input wire [7:0] round_constant;
	output reg [127:0] next_key;
	reg [31:0] sbox_in;
	wire [31:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : rotate_word
		reg [127:0] old;
		reg [31:0] low;
		if (_sv2v_0)
			;
		old = key;
		begin : sv2v_autoblock_1
			reg [31:0] row;
			for (row = 0; row < 4; row = row + 1)
				begin
					low = sv2v_cast_32(5'd24 - sv2v_cast_32(4'd8 * (sv2v_cast_32(row + 1'd1) % 3'd4)));
					sbox_in[row * 8+:8] = sv2v_cast_32(old[low+:8]);
				end
		end
	end
	always @(*) begin : expand
		reg [127:0] old;
		reg [31:0] word;
		reg [127:0] expanded;
		reg [31:0] low;
		if (_sv2v_0)
			;
		old = key;
		word = 1'sb0;
		begin : sv2v_autoblock_2
			reg [31:0] row;
			for (row = 0; row < 4; row = row + 1)
				word[24 - (8 * row)+:8] = sbox_out[row * 8+:8];
		end
		word[31:24] = sbox_out[0+:8] ^ round_constant;
		expanded = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] i;
			for (i = 0; i < 4; i = i + 1)
				begin
					low = sv2v_cast_32(7'd96 - sv2v_cast_32(6'd32 * i));
					word = word ^ sv2v_cast_32(old[low+:32]);
					expanded[low+:32] = word;
				end
		end
		next_key = expanded;
	end
	aes_pipeline_table_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	aes_pipeline_table_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	aes_pipeline_table_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	aes_pipeline_table_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_Sbox (
	in,
	out
);
	reg _sv2v_0;
	input wire [7:0] in;
	output reg [7:0] out;
	localparam [2047:0] sbox_table = 2048'h637c777bf26b6fc53001672bfed7ab76ca82c97dfa5947f0add4a2af9ca472c0b7fd9326363ff7cc34a5e5f171d8311504c723c31896059a071280e2eb27b27509832c1a1b6e5aa0523bd6b329e32f8453d100ed20fcb15b6acbbe394a4c58cfd0efaafb434d338545f9027f503c9fa851a3408f929d38f5bcb6da2110fff3d2cd0c13ec5f974417c4a77e3d645d197360814fdc222a908846eeb814de5e0bdbe0323a0a4906245cc2d3ac629195e479e7c8376d8dd54ea96c56f4ea657aae08ba78252e1ca6b4c6e8dd741f4bbd8b8a703eb5664803f60e613557b986c11d9ee1f8981169d98e949b1e87e9ce5528df8ca1890dbfe6426841992d0fb054bb16;
	always @(*) begin : substitute
		if (_sv2v_0)
			;
		out = sbox_table[(255 - in) * 8+:8];
	end
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesStates (
	clk,
	advance,
	block,
	first_key,
	round_key,
	result
);
	reg _sv2v_0;
	input wire clk;
	input wire advance;
	input wire [127:0] block;
	input wire [127:0] first_key;
	input wire [1279:0] round_key;
	output reg [127:0] result;
	reg [1407:0] state;
	wire [1151:0] next_state;
	wire [127:0] last_state;
	localparam [31:0] aes_rounds = 10;
	always @(*) begin : give_result
		if (_sv2v_0)
			;
		result = state[1280+:128];
	end
	reg [1407:0] state_next;
	task move_func;
		begin
			state_next = state;
			if (advance) begin
				state_next[0+:128] = block ^ first_key;
				begin : sv2v_autoblock_1
					reg [31:0] i;
					for (i = 1; i < aes_rounds; i = i + 1)
						state_next[i * 128+:128] = next_state[(i - 1) * 128+:128];
				end
				state_next[1280+:128] = last_state;
			end
		end
	endtask
	always @(last_state or next_state or first_key or block or advance or state or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		state <= state_next;
	end
	aes_pipeline_table_AesRound round_0(
		.state(state[0+:128]),
		.round_key(round_key[0+:128]),
		.next_state(next_state[0+:128])
	);
	aes_pipeline_table_AesRound round_1(
		.state(state[128+:128]),
		.round_key(round_key[128+:128]),
		.next_state(next_state[128+:128])
	);
	aes_pipeline_table_AesRound round_2(
		.state(state[256+:128]),
		.round_key(round_key[256+:128]),
		.next_state(next_state[256+:128])
	);
	aes_pipeline_table_AesRound round_3(
		.state(state[384+:128]),
		.round_key(round_key[384+:128]),
		.next_state(next_state[384+:128])
	);
	aes_pipeline_table_AesRound round_4(
		.state(state[512+:128]),
		.round_key(round_key[512+:128]),
		.next_state(next_state[512+:128])
	);
	aes_pipeline_table_AesRound round_5(
		.state(state[640+:128]),
		.round_key(round_key[640+:128]),
		.next_state(next_state[640+:128])
	);
	aes_pipeline_table_AesRound round_6(
		.state(state[768+:128]),
		.round_key(round_key[768+:128]),
		.next_state(next_state[768+:128])
	);
	aes_pipeline_table_AesRound round_7(
		.state(state[896+:128]),
		.round_key(round_key[896+:128]),
		.next_state(next_state[896+:128])
	);
	aes_pipeline_table_AesRound round_8(
		.state(state[1024+:128]),
		.round_key(round_key[1024+:128]),
		.next_state(next_state[1024+:128])
	);
	aes_pipeline_table_AesRound8 last_round(
		.state(state[1152+:128]),
		.round_key(round_key[1152+:128]),
		.next_state(last_state)
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesRound (
	state,
	round_key,
	next_state
);
	reg _sv2v_0;
	input wire [127:0] state;
	input wire [127:0] round_key;
	output reg [127:0] next_state;
	reg [127:0] sbox_in;
	wire [127:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : shift_rows
		reg [127:0] bytes;
		reg [31:0] low;
		if (_sv2v_0)
			;
		bytes = state;
		begin : sv2v_autoblock_1
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_2
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * ((column + row) % 3'd4)) + row)));
							sbox_in[((4 * column) + row) * 8+:8] = sv2v_cast_32(bytes[low+:8]);
						end
				end
		end
	end
	function automatic [32:0] sv2v_cast_33;
		input reg [32:0] inp;
		sv2v_cast_33 = inp;
	endfunction
	always @(*) begin : mix_and_add
		reg [127:0] mixed;
		reg [7:0] own;
		reg [7:0] byte_v;
		reg [7:0] below;
		reg [7:0] others;
		reg [7:0] TMP_0;
		reg [7:0] value;
		reg [7:0] product;
		reg [31:0] low;
		if (_sv2v_0)
			;
		mixed = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_4
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							own = sbox_out[((4 * column) + row) * 8+:8];
							byte_v = own;
							below = sbox_out[((4 * column) + (sv2v_cast_33(row + 1) % 4)) * 8+:8];
							others = sbox_out[((4 * column) + (sv2v_cast_33(row + 2) % 4)) * 8+:8] ^ sbox_out[((4 * column) + (sv2v_cast_33(row + 3) % 4)) * 8+:8];
							value = own ^ below;
							product = value <<< 1;
							if (value[7])
								product = product ^ 5'h1b;
							TMP_0 = product;
							byte_v = (TMP_0 ^ below) ^ others;
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * column) + row)));
							mixed[low+:8] = byte_v;
						end
				end
		end
		next_state = mixed ^ round_key;
	end
	aes_pipeline_table_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	aes_pipeline_table_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	aes_pipeline_table_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	aes_pipeline_table_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	aes_pipeline_table_Sbox sbox_4(
		.in(sbox_in[32+:8]),
		.out(sbox_out[32+:8])
	);
	aes_pipeline_table_Sbox sbox_5(
		.in(sbox_in[40+:8]),
		.out(sbox_out[40+:8])
	);
	aes_pipeline_table_Sbox sbox_6(
		.in(sbox_in[48+:8]),
		.out(sbox_out[48+:8])
	);
	aes_pipeline_table_Sbox sbox_7(
		.in(sbox_in[56+:8]),
		.out(sbox_out[56+:8])
	);
	aes_pipeline_table_Sbox sbox_8(
		.in(sbox_in[64+:8]),
		.out(sbox_out[64+:8])
	);
	aes_pipeline_table_Sbox sbox_9(
		.in(sbox_in[72+:8]),
		.out(sbox_out[72+:8])
	);
	aes_pipeline_table_Sbox sbox_10(
		.in(sbox_in[80+:8]),
		.out(sbox_out[80+:8])
	);
	aes_pipeline_table_Sbox sbox_11(
		.in(sbox_in[88+:8]),
		.out(sbox_out[88+:8])
	);
	aes_pipeline_table_Sbox sbox_12(
		.in(sbox_in[96+:8]),
		.out(sbox_out[96+:8])
	);
	aes_pipeline_table_Sbox sbox_13(
		.in(sbox_in[104+:8]),
		.out(sbox_out[104+:8])
	);
	aes_pipeline_table_Sbox sbox_14(
		.in(sbox_in[112+:8]),
		.out(sbox_out[112+:8])
	);
	aes_pipeline_table_Sbox sbox_15(
		.in(sbox_in[120+:8]),
		.out(sbox_out[120+:8])
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesRound8 (
	state,
	round_key,
	next_state
);
	reg _sv2v_0;
	input wire [127:0] state;
	input wire [127:0] round_key;
	output reg [127:0] next_state;
	reg [127:0] sbox_in;
	wire [127:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : shift_rows
		reg [127:0] bytes;
		reg [31:0] low;
		if (_sv2v_0)
			;
		bytes = state;
		begin : sv2v_autoblock_1
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_2
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * ((column + row) % 3'd4)) + row)));
							sbox_in[((4 * column) + row) * 8+:8] = sv2v_cast_32(bytes[low+:8]);
						end
				end
		end
	end
	always @(*) begin : mix_and_add
		reg [127:0] mixed;
		reg [7:0] own;
		reg [7:0] byte_v;
		reg [31:0] low;
		if (_sv2v_0)
			;
		mixed = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_4
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							own = sbox_out[((4 * column) + row) * 8+:8];
							byte_v = own;
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * column) + row)));
							mixed[low+:8] = byte_v;
						end
				end
		end
		next_state = mixed ^ round_key;
	end
	aes_pipeline_table_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	aes_pipeline_table_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	aes_pipeline_table_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	aes_pipeline_table_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	aes_pipeline_table_Sbox sbox_4(
		.in(sbox_in[32+:8]),
		.out(sbox_out[32+:8])
	);
	aes_pipeline_table_Sbox sbox_5(
		.in(sbox_in[40+:8]),
		.out(sbox_out[40+:8])
	);
	aes_pipeline_table_Sbox sbox_6(
		.in(sbox_in[48+:8]),
		.out(sbox_out[48+:8])
	);
	aes_pipeline_table_Sbox sbox_7(
		.in(sbox_in[56+:8]),
		.out(sbox_out[56+:8])
	);
	aes_pipeline_table_Sbox sbox_8(
		.in(sbox_in[64+:8]),
		.out(sbox_out[64+:8])
	);
	aes_pipeline_table_Sbox sbox_9(
		.in(sbox_in[72+:8]),
		.out(sbox_out[72+:8])
	);
	aes_pipeline_table_Sbox sbox_10(
		.in(sbox_in[80+:8]),
		.out(sbox_out[80+:8])
	);
	aes_pipeline_table_Sbox sbox_11(
		.in(sbox_in[88+:8]),
		.out(sbox_out[88+:8])
	);
	aes_pipeline_table_Sbox sbox_12(
		.in(sbox_in[96+:8]),
		.out(sbox_out[96+:8])
	);
	aes_pipeline_table_Sbox sbox_13(
		.in(sbox_in[104+:8]),
		.out(sbox_out[104+:8])
	);
	aes_pipeline_table_Sbox sbox_14(
		.in(sbox_in[112+:8]),
		.out(sbox_out[112+:8])
	);
	aes_pipeline_table_Sbox sbox_15(
		.in(sbox_in[120+:8]),
		.out(sbox_out[120+:8])
	);
	initial _sv2v_0 = 0;
endmodule
