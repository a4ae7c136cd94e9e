/**
 * Where the Unicode data of the Rust tokenizers differs from that of engines. Written by
 * tools/golden/make-tokenizer.py; do not edit. A table lists the borders of ranges, as distances from
 * the border before (at first from U+0000) in base 18. The last digit of a number is 0 to h, the
 * digits before it are i to z.
 */

/**
 * Contains every code point that joined categories Cc, Cf, Co, Cs, P* and Mn after Unicode 8, and
 * the ranges of later scripts. Contains none that was in these categories before.
 */
export const YOUNGER =
  'mwh1jq84n7p6w5j9ob1oefm68r9l6k3j2a3n5jb1l5k3jcu2k1l31j1keu3k1oobocjv9lclddk0cjz06mjdz3pwbjnfnlo0kcs4vfl06q81l13s91w8j7lpv7js8jw0rejt4p4p5t7kap4jidkbjk8ki8mgpan6law4lau5lobo2k3m5cw42o2lcp4l4l3wflhs5n4jglel6l2m0l9sj7o9kzobks9ll9ldloohr2xn6jngmalfjobnn2spavdprxs21jcn6p2v6tkv6';

/** Not in category Mn (Unicode 8), but with a combining class other than 0 (Unicode 9). */
export const REORDERED =
  'ozaewr81nb1lh2jsf1woe2nnuf1o01msl11o81x91va131jyb1moc1pzk5266tqh71h271215pl77';

/** Upper-case letters added after Unicode 14. */
export const CAPITALS = 'jmrf1oki91011131115111mqkfj4mmwej7';

/** For each range of CAPITALS the distance to its lower-case letters. */
export const SHIFTS: readonly number[] = [1, -42343, 1, 1, 1, 1, 1, -42561, 32, 27];
