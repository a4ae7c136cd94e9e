/** Entities of texts as a table: text, entity as it stands there, label, score. */

import type { EntityGroup, TokenEntity } from '../pipelines/entities.ts';
import { scoreCells, scoreColumns } from './score-cells.ts';
import { type Cell, type Column, formatTable, type TableStyle } from './table.ts';

/** A text and what was found in it; places are UTF-16 units. */
export interface Tagged {
  readonly text: string;
  readonly entities: readonly (TokenEntity | EntityGroup)[];
}

const COLUMNS: readonly Column[] = [
  { title: 'Text', isFlexible: true },
  { title: 'Entity', isFlexible: true },
  { title: 'Label', isFlexible: true },
];

/** A text without entities keeps its line. */
export function formatEntities(all: readonly Tagged[], style: TableStyle): string {
  const rows = all.flatMap(({ text, entities }): Cell[][] => {
    if (entities.length === 0) return [[text, { text: 'none', color: 'dim' }]];
    return entities.map((one, i) => {
      const label = 'entity' in one ? one.entity : one.entity_group;
      const source = text.slice(one.start, one.end);
      return [i === 0 ? text : '', source, label, ...scoreCells(one.score, style)];
    });
  });
  return formatTable([...COLUMNS, ...scoreColumns(style)], rows, style);
}
