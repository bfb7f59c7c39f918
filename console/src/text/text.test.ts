import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { en } from './en'

const root = join(__dirname, '..')
const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? files(join(folder, one.name)) : [join(folder, one.name)]))
const pages = files(root).filter((file) => file.endsWith('.vue'))
const templateOf = (file: string): string => readFileSync(file, 'utf8').match(/<template>([\s\S]*)<\/template>/)?.[1] ?? ''

describe('the pages', () => {
  it('take every word from the catalogue', () => {
    for (const file of pages) {
      const words = templateOf(file)
        .replace(/<!--[\s\S]*?-->/g, '')
        .replace(/\{\{[\s\S]*?\}\}/g, '')
        .replace(/<code>[^<]*<\/code>|<pre>[^<]*<\/pre>|<dt>kid<\/dt>/g, '')
        .replace(/<(?:[^"'>]|"[^"]*"|'[^']*')*>/g, ' ')
      // What is left between tags may be signs, never words.
      expect(words.match(/[A-Za-z_]{2,}/g)?.filter((word) => !['username', 'client_id'].includes(word)) ?? [], file).toEqual([])
    }
  })
  it('have no inline style or foreign mark-up, which the policy and good sense forbid', () => {
    for (const file of pages) {
      expect(templateOf(file), file).not.toMatch(/\sstyle="|v-html|<script/)
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/innerHTML|insertAdjacentHTML|eval\(/)
    }
  })
  it('ask no other host', () => {
    for (const file of files(root).filter((name) => /\.(vue|ts|css)$/.test(name) && !/\.test\.ts$|schema\.d\.ts$/.test(name))) {
      const found = readFileSync(file, 'utf8').match(/https?:\/\/[\w.-]+/g)?.filter((one) => !/example\.(com|org)|localhost|www\.w3\.org/.test(one)) ?? []
      expect(found, file).toEqual([])
    }
  })
})

describe('the catalogue', () => {
  it('has no empty text, and every text is used', () => {
    const source = files(root).filter((file) => /\.(vue|ts)$/.test(file) && !file.endsWith('en.ts')).map((file) => readFileSync(file, 'utf8')).join('\n')
    const unused: string[] = []
    const walk = (part: Record<string, unknown>, path: string[]): void => {
      for (const [name, value] of Object.entries(part)) {
        const here = [...path, name]
        if (typeof value === 'object' && value !== null) walk(value as Record<string, unknown>, here)
        else {
          if (value === '') unused.push(`${here.join('.')} is empty`)
          // A group that is read by a computed name counts as used as a whole.
          const whole = here.slice(0, -1).map((_, at) => `text.${here.slice(0, at + 1).join('.')}[`)
          const used = source.includes(`text.${here.join('.')}`) || whole.some((group) => source.includes(group)) || source.includes(`text.${here[0]} as Record`) || here[0] === 'nav' || here[0] === 'col'
          if (!used) unused.push(here.join('.'))
        }
      }
    }
    walk(en, [])
    expect(unused).toEqual([])
  })
})
