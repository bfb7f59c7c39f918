import { describe, expect, it } from 'vitest'
import { csvCell, csvRows } from './csv'

describe('CSV', () => {
  it('reads quoted cells with commas, quotes and line ends', () => {
    expect(csvRows('a,"b,c","d""e"\r\n"f\ng",h,\n')).toEqual([
      ['a', 'b,c', 'd"e'],
      ['f\ng', 'h', ''],
    ])
  })
  it('takes a last line without an end, and leaves blank lines out', () => {
    expect(csvRows('a,b\n\nc,d')).toEqual([['a', 'b'], ['c', 'd']])
  })
  it('stops where it was told to', () => {
    expect(csvRows('a\nb\nc\n', 2)).toEqual([['a'], ['b']])
  })
  it('writes what it reads', () => {
    for (const value of ['plain', 'a,b', 'a"b', 'a\r\nb', '']) expect(csvRows(`${csvCell(value)},x\n`)[0]![0]).toBe(value)
  })
})
