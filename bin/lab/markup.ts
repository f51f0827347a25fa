// SPDX-License-Identifier: Apache-2.0

/** Text that is already HTML or SVG. */
export interface Markup {
  readonly markup: string;
}

type Child = Markup | string | number;

/** An element; strings among its children and attributes are escaped, so data cannot become markup. */
export function element(name: string, attributes: Readonly<Record<string, string | number>> = {}, ...children: readonly Child[]): Markup {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value))}"`).join('');
  return { markup: `<${name}${list}>${join(children)}</${name}>` };
}

export function join(children: readonly Child[]): string {
  return children.map((child) => (typeof child === 'object' ? child.markup : escape(String(child)))).join('');
}

/** A table: the first row is the head, the first cell of each other row its name. */
export function table(head: readonly string[], rows: readonly (readonly Child[])[]): Markup {
  return element('table', {},
    element('thead', {}, element('tr', {}, ...head.map((cell) => element('th', { scope: 'col' }, cell)))),
    element('tbody', {}, ...rows.map(([name, ...cells]) => element('tr', {},
      element('th', { scope: 'row' }, name), ...cells.map((cell) => element('td', {}, cell))))));
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
