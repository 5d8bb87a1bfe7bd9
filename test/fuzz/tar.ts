/** A small tar, by hand, so that each byte of it can be changed. */
const blockSize = 512;

export function writeTar(files: readonly { readonly name: string; readonly content: string }[]): Buffer {
  const blocks = files.flatMap(({ name, content }) => {
    const body = Buffer.from(content);
    const padding = Buffer.alloc((blockSize - (body.length % blockSize)) % blockSize);
    return [header(name, body.length), body, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(blockSize);
  const cut = path.length > 100 ? path.lastIndexOf('/', 150) : -1;
  block.write(path.slice(cut + 1), 0, 100);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  block.write(cut < 0 ? '' : path.slice(0, cut), 345, 155);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
