'a'; "b"; 'it\'s'; "\a\b\f\n\r\t\v\\\'\""
'\x41\u00e9\U0001F600\101\0'; '\d\ '; '\ud800'
r'\n\''; R"\x"; u'a'; b'\x00\xff\n'; br'\n'; Rb'\d'
'''three
"lines" ''two
'''; """a\
b"""
'one' "two" \
    'three'
('one'
 r'\two')
'Ångström 日本'
''
